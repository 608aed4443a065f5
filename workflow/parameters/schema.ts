import type { JsonObject, JsonValue } from '../items.ts';

/** Declares one parameter: the source of defaults, validation, documentation and, later, forms. */
export interface ParameterSchema {
  readonly name: string;
  readonly displayName: string;
  readonly type:
    | 'string'
    | 'number'
    | 'boolean'
    | 'options'
    | 'multiOptions'
    | 'collection'
    | 'fixedCollection'
    | 'json'
    | 'filter'
    | 'assignmentCollection'
    | 'resourceLocator'
    | 'dateTime'
    | 'color'
    | 'notice'
    | 'hidden'
    | 'code';
  readonly default: JsonValue;
  readonly description?: string;
  readonly required?: boolean;
  /** Values of options, or members of a collection (`values` of a fixedCollection's group). */
  readonly options?: readonly ParameterOption[];
  readonly typeOptions?: JsonObject;
  /** Shown (and its default applied) only when all of `show` match and none of `hide`; `@version` is the type version. */
  readonly displayOptions?: {
    readonly show?: Record<string, readonly JsonValue[]>;
    readonly hide?: Record<string, readonly JsonValue[]>;
  };
}

/**
 * One entry of `options`: a choice (`value` is what the workflow stores), a group of a fixedCollection (`values`,
 * stored under its `name`), or a member of a collection, which is a parameter itself. Which of them it is follows from
 * the type of the parameter it stands in.
 */
export type ParameterOption =
  | { readonly name: string; readonly value: JsonValue; readonly description?: string }
  | { readonly name: string; readonly displayName: string; readonly values: readonly ParameterSchema[] }
  | ParameterSchema;
