import type { JsonValue } from '../items.ts';
import { convertLoosely, describeValue, type ValueType } from './convert.ts';
import { errors } from './errors.ts';
import { toJsonValue } from './json-value.ts';

/** Types that a field of Edit Fields may be given. */
export type AssignmentType = Extract<ValueType, 'array' | 'boolean' | 'number' | 'object' | 'string'>;

/** Where a value is assigned, for the words of ASSIGNMENT_TYPE; `itemIndex` counts from 0. */
export interface AssignmentOptions {
  /** Name of the field, for the message. */
  readonly name: string;
  readonly itemIndex: number;
  /** Keep what cannot be converted instead of failing; default false. */
  readonly ignoreErrors?: boolean;
}

function isType(type: string): type is AssignmentType {
  return ['array', 'boolean', 'number', 'object', 'string'].includes(type);
}

/**
 * The value of a typed field by n8n's rules: null and undefined give null; "" is the number 0, "0x1F" 31, true 1;
 * "1" and "false" are booleans, "yes" is not; objects become JSON text; text that holds JSON becomes an array or
 * object. Throws ASSIGNMENT_TYPE with n8n's text. An unknown type keeps the value.
 */
export function convertAssignment(type: string, value: unknown, options: AssignmentOptions): JsonValue {
  if (value === null || value === undefined) return null;
  if (!isType(type)) return toJsonValue(value);
  const converted = convertLoosely(value, type, 'utc');
  if (converted.valid) return toJsonValue(converted.value);
  if (options.ignoreErrors === true) return toJsonValue(value);
  const { name, itemIndex } = options;
  throw errors.ASSIGNMENT_TYPE({
    text: `'${name}' expects a ${type} but we got ${describeValue(value)}`,
    item: itemIndex,
    description: `To fix the error try to change the type for the field "${name}" or activate the option “Ignore Type Conversion Errors” to apply a less strict type validation`,
  });
}
