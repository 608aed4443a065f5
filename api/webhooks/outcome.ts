import { answerFrom, FAILED_RUN_ANSWER, UNREACHED_RESPOND_ANSWER } from '#nodes';
import type { RunHandle, RunReport } from '#actors';
import type { BinaryStore, WebhookAnswer, WebhookRoute } from '#runtime';
import type { Item, WebhookResponse } from '#workflow';

/** How a call is to be answered: when, and made of what. */
export interface AnswerPlan {
  readonly respond: WebhookRoute['respond'];
  readonly answer: WebhookAnswer;
}

/**
 * Waits for the moment of the answer. Whatever moment it is, what the answer tells is committed by then.
 *
 *   onReceived    after `accepted`     the fixed answer
 *   lastNode      after `ended`        success: output 0 of the last node; error: 500
 *   responseNode  after `responded`    the node's answer; ended without: 200 empty, or 500 when the run failed
 */
export async function outcomeOf(handle: RunHandle, plan: AnswerPlan, binary: BinaryStore): Promise<WebhookResponse> {
  switch (plan.respond) {
    case 'onReceived':
      await handle.accepted;
      return answerFrom(plan.answer, []);
    case 'lastNode':
      return answerOfReport(await handle.ended, plan, binary);
    case 'responseNode': {
      const response = await handle.responded;
      return response ?? unreached(await handle.ended);
    }
  }
}

/** The answer of a run that has ended or began a long wait; modes `lastNode` and `responseNode`. */
export async function answerOfReport(
  report: RunReport,
  plan: AnswerPlan,
  binary: BinaryStore,
): Promise<WebhookResponse> {
  if (plan.respond === 'responseNode') return unreached(report);
  if (report.status === 'error' || report.status === 'canceled') return FAILED_RUN_ANSWER;
  if (report.status !== 'success') return heldAnswer(report);
  const items = lastItems(report);
  return answerFrom(plan.answer, plan.answer.data === 'firstEntryBinary' ? await inlined(items, binary) : items);
}

/** Output 0 of the last run of the node that ran last. */
export function lastItems(report: RunReport): readonly Item[] {
  if (report.lastNodeExecuted === undefined) return [];
  return report.runData.get(report.lastNodeExecuted)?.at(-1)?.outputs?.[0] ?? [];
}

function unreached(report: RunReport): WebhookResponse {
  if (report.status === 'error' || report.status === 'canceled') return FAILED_RUN_ANSWER;
  return report.status === 'success' ? UNREACHED_RESPOND_ANSWER : heldAnswer(report);
}

/** The run waits for longer than a caller can: it is accepted, and its id is the way back to it. */
function heldAnswer(report: RunReport): WebhookResponse {
  const value = { message: 'Workflow is waiting', executionId: report.executionId };
  return { status: 202, headers: {}, body: { kind: 'json', value } };
}

/** Fetches files of the first item that lie in the store; the rest stays as it is. */
async function inlined(items: readonly Item[], binary: BinaryStore): Promise<readonly Item[]> {
  const first = items[0];
  if (first?.binary === undefined) return items;
  const files = await Promise.all(
    Object.entries(first.binary).map(async ([name, file]) => {
      if (file.data !== undefined || file.id === undefined) return [name, file] as const;
      return [name, { ...file, data: Buffer.from(await binary.read(file)).toString('base64') }] as const;
    }),
  );
  return [{ ...first, binary: Object.fromEntries(files) }];
}
