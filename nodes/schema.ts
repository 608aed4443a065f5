import type { JsonObject, JsonValue, NodeDefinition, NodeFacts } from '#workflow';
import type { ParameterOption, ParameterSchema } from '#runtime';

/** When a parameter is shown; `version` stands for `@version`. */
type Shown = Record<string, readonly JsonValue[]>;
interface Extra {
  readonly description?: string;
  readonly required?: boolean;
  readonly show?: Shown;
  readonly hide?: Shown;
  readonly typeOptions?: JsonObject;
}

/** Declares one parameter. */
export function parameter(
  name: string,
  type: ParameterSchema['type'],
  value: JsonValue,
  extra: Extra = {},
  options?: readonly ParameterOption[],
): ParameterSchema {
  const { show, hide, ...rest } = extra;
  return {
    name,
    displayName: titleOf(name),
    type,
    default: value,
    ...rest,
    ...(options ? { options } : {}),
    ...(show || hide ? { displayOptions: { ...(show ? { show } : {}), ...(hide ? { hide } : {}) } } : {}),
  };
}

/** A parameter with a closed list of values; the first is the default unless `value` says otherwise. */
export function choice(
  name: string,
  values: readonly JsonValue[],
  extra: Extra & { value?: JsonValue } = {},
): ParameterSchema {
  const { value, ...rest } = extra;
  const options = values.map((entry) => ({ name: titleOf(String(entry)), value: entry }));
  return parameter(name, 'options', value ?? values[0] ?? '', rest, options);
}

export const text = (name: string, value = '', extra: Extra = {}): ParameterSchema =>
  parameter(name, 'string', value, extra);
export const number = (name: string, value: number, extra: Extra = {}): ParameterSchema =>
  parameter(name, 'number', value, extra);
export const flag = (name: string, value = false, extra: Extra = {}): ParameterSchema =>
  parameter(name, 'boolean', value, extra);
export const json = (name: string, value = '', extra: Extra = {}): ParameterSchema =>
  parameter(name, 'json', value, extra);

/** Options that the author adds one by one; none is there by itself. */
export const collection = (name: string, members: readonly ParameterSchema[], extra: Extra = {}): ParameterSchema =>
  parameter(name, 'collection', {}, extra, members);

/** A group of rows with the same members. */
export function rows(
  name: string,
  group: string,
  values: readonly ParameterSchema[],
  extra: Extra & { value?: JsonValue } = {},
): ParameterSchema {
  const { value, ...rest } = extra;
  return parameter(name, 'fixedCollection', value ?? {}, { typeOptions: { multipleValues: true }, ...rest }, [
    { name: group, displayName: titleOf(group), values },
  ]);
}

/** One group of members, without rows. */
export const group = (
  name: string,
  inner: string,
  values: readonly ParameterSchema[],
  extra: Extra = {},
): ParameterSchema =>
  parameter(name, 'fixedCollection', {}, extra, [{ name: inner, displayName: titleOf(inner), values }]);

/** `fieldToSplitOut` reads `Field To Split Out`. */
function titleOf(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Facts that do not depend on the node: one input, one output, no effect, unless said otherwise. */
export function facts(type: string, over: Partial<NodeFacts> = {}): () => NodeFacts {
  const fixed: NodeFacts = {
    type,
    trigger: false,
    inputs: 1,
    outputs: 1,
    requiredInputs: 'any',
    effect: 'none',
    ...over,
  };
  return () => fixed;
}

/** Facts of a node type that starts workflows: no input. */
export const triggerFacts = (type: string, over: Partial<NodeFacts> = {}): (() => NodeFacts) =>
  facts(type, { trigger: true, inputs: 0, ...over });

/** A parameter as the author wrote it, for facts that depend on it; undefined when absent or an expression. */
export function written(node: NodeDefinition, name: string): JsonValue | undefined {
  const value = Object.hasOwn(node.parameters, name) ? node.parameters[name] : undefined;
  return typeof value === 'string' && value.startsWith('=') ? undefined : value;
}
