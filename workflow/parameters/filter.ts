import { checkStrictly, convertLoosely, describeValue, typeName, type ValueType } from './convert.ts';
import { errors } from './errors.ts';
import { OPERATORS } from './filter-operators.ts';
import { ownMember } from './path.ts';

/** n8n's conditions: the value of a `filter` parameter (If, Filter and Switch from version 2 and 3). */

export interface FilterSettings {
  readonly itemIndex: number;
  /** IANA zone of dates that name none. */
  readonly zone: string;
  /** Overrides the filter's own type validation. */
  readonly typeValidation?: 'strict' | 'loose';
}

interface Condition {
  readonly left: unknown;
  readonly right: unknown;
  readonly type: string;
  readonly operation: string;
  readonly rightType: string;
}

interface Context extends FilterSettings {
  readonly strict: boolean;
  readonly ignoreCase: boolean;
  readonly index: number;
}

function isType(type: string): type is ValueType {
  return Object.hasOwn(OPERATORS, type);
}

function readCondition(value: unknown): Condition {
  const operator = ownMember(value, 'operator');
  const type = String(ownMember(operator, 'type') ?? 'any');
  const single = ownMember(operator, 'singleValue') === true;
  return {
    left: ownMember(value, 'leftValue'),
    right: ownMember(value, 'rightValue'),
    type,
    operation: String(ownMember(operator, 'operation') ?? ''),
    rightType: single ? 'any' : String(ownMember(operator, 'rightType') ?? type),
  };
}

/** What a loose boolean condition takes for true: all that is not nothing, 0, "" or a word for no. */
function looseBoolean(value: unknown): boolean {
  if (typeof value === 'string') {
    const converted = convertLoosely(value, 'boolean', 'utc');
    return converted.valid ? converted.value === true : value !== '';
  }
  return Boolean(value);
}

const ADVICE: Readonly<Record<string, string>> = { number: 'toNumber', string: 'toString', boolean: 'toBoolean' };

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

function typeError(value: unknown, type: string, side: 'first' | 'second', context: Context): Error {
  const { strict, index, itemIndex } = context;
  const place = `[condition ${index}, item ${itemIndex}]`;
  if (!strict) {
    const text = `Conversion error: the ${typeName(value)} ${describeValue(value)} can't be converted to ${article(type)}`;
    return errors.FILTER_TYPE({ text, place, description: 'Try changing the type of the comparison.' });
  }
  const method = ADVICE[type];
  const description =
    method === undefined
      ? "Try changing the type of comparison. Alternatively you can enable 'Convert types where required'."
      : `\n<p>Try either:</p>\n<ol>\n  <li>Enabling 'Convert types where required'</li>\n  <li>Converting the ${side} field to ${article(type)} by adding <code>.${method}()</code></li>\n</ol>\n\t\t\t`;
  const text = `Wrong type: ${describeValue(value)} is ${article(typeName(value))} but was expecting ${article(type)}`;
  return errors.FILTER_TYPE({ text, place, description });
}

/** One side as the type of its operator; null, undefined and NaN pass as they are. */
function side(value: unknown, type: ValueType, which: 'first' | 'second', context: Context): unknown {
  if (type === 'any' || value === null || value === undefined || Number.isNaN(value)) return value;
  if (!context.strict) {
    // An empty list stands for nothing where no list is wanted.
    if (Array.isArray(value) && value.length === 0 && type !== 'array' && type !== 'string')
      return type === 'boolean' ? false : null;
    if (type === 'boolean') return looseBoolean(value);
    if (type !== 'string' && type !== 'number' && value === '') return null;
  }
  const converted = (context.strict ? checkStrictly : convertLoosely)(value, type, context.zone);
  if (!converted.valid) throw typeError(value, type, which, context);
  return converted.value;
}

function holds(condition: Condition, context: Context): boolean {
  const { type, operation, rightType } = condition;
  const operator = isType(type) && Object.hasOwn(OPERATORS[type], operation) ? OPERATORS[type][operation] : undefined;
  if (!isType(type) || operator === undefined) throw errors.FILTER_OPERATOR({ type, operation });
  const left = side(condition.left, type, 'first', context);
  const right = isUnary(type, operation)
    ? undefined
    : side(condition.right, isType(rightType) ? rightType : 'any', 'second', context);
  return operator(left, right, context);
}

/** Operators without a right side: what stands there by accident is not looked at. */
function isUnary(type: ValueType, operation: string): boolean {
  return (
    ['exists', 'notExists', 'empty', 'notEmpty'].includes(operation) ||
    (type === 'boolean' && (operation === 'true' || operation === 'false'))
  );
}

/**
 * Whether an item passes a filter whose expressions were resolved for it: `{conditions: [{leftValue, rightValue,
 * operator: {type, operation, rightType?, singleValue?}}], combinator: 'and' | 'or', options: {caseSensitive,
 * typeValidation}}`. Conditions are looked at in order until the outcome is certain. Throws FILTER_TYPE with n8n's text
 * for a value of the wrong type, FILTER_OPERATOR for an unknown operator, EXPRESSION_REGEX_UNSAFE for a pattern.
 */
export function evaluateFilter(filter: unknown, settings: FilterSettings): boolean {
  const options = ownMember(filter, 'options');
  const list = ownMember(filter, 'conditions');
  const validation = settings.typeValidation ?? ownMember(options, 'typeValidation');
  const shared = {
    ...settings,
    strict: validation !== 'loose',
    ignoreCase: ownMember(options, 'caseSensitive') === false,
  };
  const conditions = Array.isArray(list) ? list : [];
  const test = (condition: unknown, index: number) => holds(readCondition(condition), { ...shared, index });
  return ownMember(filter, 'combinator') === 'or' ? conditions.some(test) : conditions.every(test);
}
