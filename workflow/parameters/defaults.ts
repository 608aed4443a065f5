import type { NodeDefinition } from '../definition.ts';
import { isExpression } from '../expressions/index.ts';
import type { JsonObject, JsonValue } from '../items.ts';
import { getPath, ownMember } from './path.ts';
import type { ParameterOption, ParameterSchema } from './schema.ts';

/** Parameters of a node with the defaults of what its schema shows. */

interface Context {
  readonly version: number;
  /** The whole parameters, for conditions that begin with `/`. */
  readonly root: JsonObject;
}

type Condition = Record<string, readonly JsonValue[]>;

/** One value of a condition: itself, or `{_cnd: {gte: 2}}` and the like on numbers and text. */
function matches(expected: JsonValue, actual: JsonValue | undefined): boolean {
  const test = ownMember(expected, '_cnd');
  if (typeof test !== 'object' || test === null) return expected === actual;
  return Object.entries(test).every(([operator, operand]) => compare(operator, actual, operand as JsonValue));
}

function compare(operator: string, actual: JsonValue | undefined, operand: JsonValue): boolean {
  switch (operator) {
    case 'eq':
      return actual === operand;
    case 'not':
      return actual !== operand;
    case 'exists':
      return actual !== undefined && actual !== null && actual !== '';
    case 'startsWith':
      return typeof actual === 'string' && actual.startsWith(String(operand));
    case 'endsWith':
      return typeof actual === 'string' && actual.endsWith(String(operand));
    case 'includes':
      return typeof actual === 'string' && actual.includes(String(operand));
    case 'between': {
      const from = ownMember(operand, 'from');
      const to = ownMember(operand, 'to');
      return (
        typeof actual === 'number' &&
        typeof from === 'number' &&
        typeof to === 'number' &&
        actual >= from &&
        actual <= to
      );
    }
    default:
      return typeof actual === 'number' && typeof operand === 'number' && order(operator, actual, operand);
  }
}

function order(operator: string, actual: number, operand: number): boolean {
  if (operator === 'gte') return actual >= operand;
  if (operator === 'gt') return actual > operand;
  if (operator === 'lte') return actual <= operand;
  return operator === 'lt' && actual < operand;
}

function holds(key: string, expected: readonly JsonValue[], values: JsonObject, context: Context): boolean {
  if (key === '@version') return expected.some((one) => matches(one, context.version));
  // Data came from JSON, so what stands at a path is JSON.
  let actual = (key.startsWith('/') ? getPath(context.root, key.slice(1)) : getPath(values, key)) as
    | JsonValue
    | undefined;
  // A field that an expression decides may turn out as anything: what depends on it is shown.
  if (isExpression(actual)) return true;
  if (ownMember(actual, '__rl') === true) actual = ownMember(actual, 'value') as JsonValue | undefined;
  const all = Array.isArray(actual) ? actual : [actual];
  return expected.some((one) => all.some((value) => matches(one, value)));
}

function shown(schema: ParameterSchema, values: JsonObject, context: Context): boolean {
  const test = (condition: Condition | undefined, want: 'every' | 'some') =>
    Object.entries(condition ?? {})[want](([key, expected]) => holds(key, expected, values, context));
  return test(schema.displayOptions?.show, 'every') && !test(schema.displayOptions?.hide, 'some');
}

function isGroup(option: ParameterOption): option is Extract<ParameterOption, { values: unknown }> {
  return 'values' in option;
}

function groupValue(value: JsonValue, members: readonly ParameterSchema[], context: Context): JsonValue {
  if (Array.isArray(value)) return value.map((one) => groupValue(one, members, context));
  return typeof value === 'object' && value !== null ? withDefaults(value, members, context) : value;
}

/** The groups that are set; each entry gets the defaults of its members. */
function fixedCollection(value: JsonValue, schema: ParameterSchema, context: Context): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const made: JsonObject = { ...value };
  for (const group of schema.options ?? []) {
    const given = ownMember(value, group.name) as JsonValue | undefined;
    if (isGroup(group) && given !== undefined) made[group.name] = groupValue(given, group.values, context);
  }
  return made;
}

/** Old workflows hold the bare value where a resource locator stands today. */
function locator(value: JsonValue): JsonValue {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  return { __rl: true, mode: 'id', value };
}

function valueOf(value: JsonValue, schema: ParameterSchema, context: Context): JsonValue {
  if (schema.type === 'fixedCollection') return fixedCollection(value, schema, context);
  if (schema.type === 'resourceLocator') return locator(value);
  return value;
}

/**
 * Several rounds: a condition may look at a parameter whose default another condition decides.
 */
function withDefaults(values: JsonObject, schemas: readonly ParameterSchema[], context: Context): JsonObject {
  let made: JsonObject = { ...values };
  for (let round = 0; round < 5; round++) {
    const next: JsonObject = { ...values };
    const around = context.root === values ? { ...context, root: made } : context;
    for (const schema of schemas) {
      if (Object.hasOwn(next, schema.name) && !Object.hasOwn(values, schema.name)) continue;
      if (!shown(schema, made, around)) continue;
      const given = values[schema.name];
      next[schema.name] = valueOf(given === undefined ? schema.default : given, schema, around);
    }
    if (JSON.stringify(next) === JSON.stringify(made)) break;
    made = next;
  }
  return made;
}

/**
 * The parameters of a node as its author set them, with the default of every parameter that is shown and not set.
 * Members of a `collection` have no defaults: not set means not there. Expressions stay text.
 */
export function parametersWithDefaults(node: NodeDefinition, schemas: readonly ParameterSchema[]): JsonObject {
  return withDefaults(node.parameters, schemas, { version: node.typeVersion, root: node.parameters });
}

/** The parameters that are shown for this node, each with its value or default; expressions stay text. */
export function shownParameters(
  node: NodeDefinition,
  schemas: readonly ParameterSchema[],
): (readonly [ParameterSchema, JsonValue | undefined])[] {
  const values = parametersWithDefaults(node, schemas);
  const context: Context = { version: node.typeVersion, root: values };
  return schemas.filter((schema) => shown(schema, values, context)).map((schema) => [schema, values[schema.name]]);
}
