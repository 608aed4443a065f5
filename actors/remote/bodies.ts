import type { JsonObject, JsonValue } from '#workflow';

/**
 * What members tell and ask one another about executions; see `transport/PROTOCOL.md` for the envelope. The sender may
 * be of another version: what is not of this form is dropped.
 *
 *   told   doorbell           {executionId, urgent}   a letter lies in the execution's inbox: read it now
 *   told   moved              {executionId}           answer to a doorbell: I do not own its shard
 *   asked  execution.state    {executionId}           -> {kind: 'moved'} | {kind: 'absent'} | {kind: 'live', …}
 *   asked  tree               {}                      -> {rows, breakers, omitted}
 */
export const KINDS = {
  doorbell: 'doorbell',
  moved: 'moved',
  state: 'execution.state',
  tree: 'tree',
} as const;

const EXECUTION_ID = /^[0-9]{1,16}$/;

/** The id of an execution, or undefined where the body holds none. */
export function executionIdIn(body: JsonObject): string | undefined {
  const id = body['executionId'];
  return typeof id === 'string' && EXECUTION_ID.test(id) ? id : undefined;
}

/** True for a JSON object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
