import type { TroupeError, Item, JsonObject, JsonValue, NodeResult } from '#workflow';
import type { CodeJob, CodeOutcome, NodeContext } from '#runtime';

import { answerCall } from './calls.ts';
import { thrownError } from './envelope.ts';
import { errors } from './errors.ts';
import { CODE_MEMORY_MB, CODE_TIMEOUT_MS, SOURCE_CHARACTERS } from './limits.ts';
import { itemOfEach, itemsOfAll, itemsOfFunction } from './shapes.ts';

/** How the names and return values of the three nodes differ. */
export type Dialect = 'code' | 'function' | 'functionItem';

type Thrown = Extract<CodeOutcome, { kind: 'threw' }>['error'];

/** Performs the source once for all items; a failure becomes one item where the node carries on after errors. */
export async function performAll(context: NodeContext, source: string, dialect: Dialect): Promise<NodeResult> {
  const outcome = await context.code.run(jobOf(context, source, 'runOnceForAllItems', dialect));
  try {
    if (outcome.kind === 'threw') throw failureOf(outcome.error, dialect);
    const read = dialect === 'function' ? itemsOfFunction : itemsOfAll;
    return resultOf(read(outcome.value), outcome);
  } catch (failure) {
    if (!context.continuesOnFail || !(failure instanceof Error)) throw failure;
    return resultOf([{ json: { error: failure.message } }], outcome);
  }
}

/** Performs the source for each item in turn; a failed item becomes `{error}` in its place, or ends the run. */
export async function performEach(context: NodeContext, source: string, dialect: Dialect): Promise<NodeResult> {
  const outcome = await context.code.run(jobOf(context, source, 'runOnceForEachItem', dialect));
  if (outcome.kind === 'threw') return wholeRunFailed(context, outcome, dialect);
  const results = Array.isArray(outcome.value) ? outcome.value : [];
  const items: Item[] = [];
  for (const [index, result] of results.entries()) {
    try {
      const item = oneItem(result, index, dialect);
      if (item) items.push(item);
    } catch (failure) {
      if (!context.continuesOnFail || !(failure instanceof Error)) throw failure;
      items.push({ json: { error: failure.message }, pairedItem: { item: index } });
    }
  }
  return resultOf(items, outcome);
}

/** The code did not even begin (a syntax error): the same for every item. */
function wholeRunFailed(
  context: NodeContext,
  outcome: Extract<CodeOutcome, { kind: 'threw' }>,
  dialect: Dialect,
): NodeResult {
  const failure = failureOf(outcome.error, dialect);
  if (!context.continuesOnFail) throw failure;
  const items = context.items().map((_, index) => ({ json: { error: failure.message }, pairedItem: { item: index } }));
  return resultOf(items, outcome);
}

function oneItem(result: JsonValue, index: number, dialect: Dialect): Item | undefined {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    throw errors.CODE_RUNNER_BROKE({ problem: `result ${index} is not an object` });
  }
  if ('error' in result) throw failureOf(thrownError(result['error']), dialect, index);
  const value = result['absent'] === true ? undefined : result['value'];
  if (dialect !== 'functionItem') return itemOfEach(value, index);
  if (value === undefined || value === null) {
    throw errors.CODE_RETURN_INVALID({
      problem: 'No data got returned. Always an object has to be returned!',
      description: '',
      item: index,
    });
  }
  const { binary } = result;
  return itemOfEach({ json: value, ...(binary === undefined ? {} : { binary }) }, index);
}

/** Messages carry the line of the user's own code; the old nodes write it in their own way. */
function failureOf(thrown: Thrown, dialect: Dialect, item?: number): TroupeError {
  const { name, message, description, line } = thrown;
  const details = {
    name,
    ...(description === undefined ? {} : { description }),
    ...(line === undefined ? {} : { lineNumber: line }),
  };
  if (dialect === 'code') return errors.CODE_THREW({ ...details, message, ...(line === undefined ? {} : { line }) });
  const where = [
    line === undefined ? [] : [`Line ${line}`],
    dialect === 'functionItem' && item !== undefined ? [`Item Index: ${item}`] : [],
  ].flat();
  return errors.CODE_THREW({ ...details, message: where.length > 0 ? `${message} [${where.join(' | ')}]` : message });
}

function resultOf(items: Item[], outcome: CodeOutcome): NodeResult {
  const staticData = outcome.kind === 'value' ? outcome.staticData : undefined;
  return {
    kind: 'outputs',
    outputs: [items],
    ...(outcome.logs.length > 0 ? { hints: outcome.logs } : {}),
    ...(staticData ? { staticData } : {}),
  };
}

function jobOf(context: NodeContext, source: string, mode: CodeJob['mode'], dialect: Dialect): CodeJob {
  if (source.length > SOURCE_CHARACTERS)
    throw errors.CODE_TOO_LONG({ characters: source.length, limit: SOURCE_CHARACTERS });
  const scene: JsonObject = { ...context.scene(), dialect, continueOnFail: context.continuesOnFail };
  return {
    source,
    mode,
    items: context.items(),
    scene,
    timeoutMs: CODE_TIMEOUT_MS,
    memoryMb: CODE_MEMORY_MB,
    signal: context.signal,
    call: (name, argument) => answerCall(context, name, argument),
  };
}
