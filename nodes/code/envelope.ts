import type { TroupeError, JsonObject, JsonValue } from '#workflow';
import type { CodeJob, CodeOutcome } from '#runtime';

import { errors } from './errors.ts';
import { FRAME_BODY_BYTES, LOG_CHARACTERS, LOG_LINES, MESSAGE_CHARACTERS } from './limits.ts';

/**
 * Reads what a runner says about a run. The text was made inside the isolate, next to user code, so nothing in it is
 * taken on trust: it is JSON or it is refused, and every field is checked and cut to size.
 *
 *   {value, absent?, staticData?, logs}   the code returned; absent = it returned undefined
 *   {error: {name, message, description?, line?}, logs}
 *   {failure: timeout | memory | tooLarge | broken, message?}    said by the runner itself
 */
export function readEnvelope(text: string, job: CodeJob): CodeOutcome | TroupeError {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    return errors.CODE_RUNNER_BROKE({ problem: 'not JSON' });
  }
  if (!isRecord(envelope)) return errors.CODE_RUNNER_BROKE({ problem: 'not an object' });
  if ('failure' in envelope) return failureOf(envelope, job);
  const logs = logsOf(envelope['logs']);
  if ('error' in envelope) return { kind: 'threw', error: thrownError(envelope['error']), logs };
  if (!('value' in envelope)) return errors.CODE_RUNNER_BROKE({ problem: 'neither value nor error' });
  const staticData = staticDataOf(envelope['staticData'], job);
  // JSON.parse made it, so it is a JsonValue.
  const value = envelope['absent'] === true ? undefined : (envelope['value'] as JsonValue);
  return { kind: 'value', value, logs, ...(staticData ? { staticData } : {}) };
}

/** An error that user code threw, cut to size. Exported for runs per item, which carry one per item. */
export function thrownError(value: unknown): { name: string; message: string; description?: string; line?: number } {
  const error = isRecord(value) ? value : {};
  const { description, line } = error;
  return {
    name: textOf(error['name'], 'Error'),
    message: textOf(error['message'], 'Unknown error'),
    ...(typeof description === 'string' ? { description: description.slice(0, MESSAGE_CHARACTERS) } : {}),
    ...(typeof line === 'number' && Number.isSafeInteger(line) && line > 0 ? { line } : {}),
  };
}

function failureOf(envelope: Record<string, unknown>, job: CodeJob): TroupeError {
  switch (envelope['failure']) {
    case 'timeout':
      return errors.CODE_TIMEOUT({ seconds: job.timeoutMs / 1000 });
    case 'memory':
      return errors.CODE_MEMORY({ megabytes: job.memoryMb });
    case 'tooLarge':
      return errors.CODE_RESULT_TOO_LARGE({ bytes: FRAME_BODY_BYTES });
    default:
      return errors.CODE_RUNNER_BROKE({ problem: textOf(envelope['message'], 'unknown').slice(0, 500) });
  }
}

function logsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, LOG_LINES).map((line) => String(line).slice(0, LOG_CHARACTERS));
}

/** The data of the whole workflow and of the very node; another node's is none of its business. */
function staticDataOf(value: unknown, job: CodeJob): Record<string, JsonObject> | undefined {
  if (!isRecord(value)) return undefined;
  const { node } = job.scene;
  const own = isRecord(node) ? `node:${String(node['name'])}` : undefined;
  const kept: [string, JsonObject][] = [];
  for (const [key, data] of Object.entries(value)) {
    // As above: parsed from JSON.
    if ((key === 'global' || key === own) && isRecord(data)) kept.push([key, data as JsonObject]);
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

const textOf = (value: unknown, fallback: string): string =>
  typeof value === 'string' ? value.slice(0, MESSAGE_CHARACTERS) : fallback;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
