import { isJsonObject, type Item, type ItemError, type JsonObject, type JsonValue } from '#workflow';
import type { BlobStore } from '#runtime';
import { errors } from '../errors.ts';
import { asItemError } from '../node/failure.ts';
import type { NodeOutcome, ResolvedCall } from '../execution/protocol.ts';
import type { Services } from '../services.ts';
import { RESULT_INLINE_CHARACTERS } from './limits.ts';

/**
 * An outcome as it travels: `{outcome}` or, when it is large, `{blob}` with the id of its JSON text. Sub-workflows go
 * by id and version, since both members read definitions from the same place. Rejects when the blob is not stored.
 */
export async function packed(outcome: NodeOutcome, blobs: BlobStore): Promise<JsonObject> {
  const text = JSON.stringify(outcome.kind === 'calls' ? { ...outcome, calls: outcome.calls.map(named) } : outcome);
  if (text.length > RESULT_INLINE_CHARACTERS) return { blob: await blobs.put(new TextEncoder().encode(text)) };
  return { outcome: JSON.parse(text) as JsonValue }; // what stringify made
}

function named({ definition, version, trigger, items }: ResolvedCall): object {
  return { id: definition.id, version, trigger, items };
}

/**
 * The outcome that a message holds or names. One in an unknown form is a failure of its node; rejects only when the
 * database does not answer, or has no such blob (yet).
 */
export async function unpacked(body: JsonObject, node: string, services: Services): Promise<NodeOutcome> {
  const value = await valueOf(body, services);
  const outcome = isJsonObject(value) ? await outcomeOf(value, services) : undefined;
  return outcome ?? { kind: 'failure', error: asItemError(errors.NODE_PLACE_ANSWER({ node })) };
}

async function valueOf({ outcome, blob }: JsonObject, { blobs }: Services): Promise<unknown> {
  if (typeof blob !== 'string') return outcome;
  const bytes = await blobs.get(blob);
  if (!bytes) throw errors.BINARY_GONE({ id: blob });
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function outcomeOf(value: JsonObject, services: Services): Promise<NodeOutcome | undefined> {
  const { kind, result, error, calls, wait } = value;
  if (kind === 'failure') return isError(error) ? { kind, error } : undefined;
  if (kind === 'calls') {
    const found = Array.isArray(calls) ? await resolved(calls, services) : undefined;
    return found && { kind, calls: found, wait: wait === true };
  }
  return kind === 'result' && isResult(result) ? { kind, result } : undefined;
}

type Result = Extract<NodeOutcome, { kind: 'result' }>['result'];

/** Its items are what a node of our own catalogue made, and are measured like those of a node performed here. */
function isResult(value: unknown): value is Result {
  if (!isJsonObject(value)) return false;
  if (value['kind'] === 'wait') return ['timer', 'webhook', 'form'].includes(String(value['reason']));
  const { kind, outputs } = value;
  return kind === 'outputs' && Array.isArray(outputs) && outputs.every((items) => items === null || isItems(items));
}

function isItems(value: unknown): value is Item[] {
  return Array.isArray(value) && value.every((item) => isJsonObject(item) && isJsonObject(item['json']));
}

function isError(value: unknown): value is ItemError & JsonObject {
  return isJsonObject(value) && typeof value['message'] === 'string';
}

async function resolved(calls: readonly JsonValue[], services: Services): Promise<ResolvedCall[] | undefined> {
  const found: ResolvedCall[] = [];
  for (const call of calls) {
    if (!isJsonObject(call)) return undefined;
    const { id, version, trigger, items } = call;
    if (typeof id !== 'string' || typeof version !== 'number' || typeof trigger !== 'string' || !isItems(items)) {
      return undefined;
    }
    const stored = await services.workflows.load(id, version);
    if (!stored) throw errors.WORKFLOW_VERSION_GONE({ id, version });
    found.push({ ...stored, trigger, items });
  }
  return found;
}
