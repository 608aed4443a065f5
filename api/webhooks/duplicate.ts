import { FAILED_RUN_ANSWER } from '#nodes';
import type { RunReport } from '#actors';
import type { WebhookResponse } from '#workflow';
import { errors } from '../errors.ts';
import type { ApiDependencies } from '../ports.ts';
import type { ApiLimits } from '../limits.ts';
import { answerOfReport, type AnswerPlan } from './outcome.ts';

type Needs = Pick<ApiDependencies, 'engine' | 'storage' | 'hub' | 'clock' | 'binary'>;

/**
 * Answers a repeated call with what the first one got, from its committed events: a key never runs a workflow twice.
 * When the first call still runs, waits for it at most DUPLICATE_WAIT_MS, then throws IDEMPOTENT_CALL_RUNNING.
 */
export async function answerOfFirst(
  executionId: string,
  plan: AnswerPlan,
  needs: Needs,
  limits: ApiLimits,
): Promise<WebhookResponse> {
  const report = await endOf(executionId, needs, limits);
  if (report === undefined) return FAILED_RUN_ANSWER;
  if (plan.respond === 'responseNode') {
    const sent = await sentResponse(executionId, needs);
    if (sent !== undefined) return sent;
  }
  if (report.status === 'running') throw errors.IDEMPOTENT_CALL_RUNNING({ executionId });
  return answerOfReport(report, plan, needs.binary);
}

/** How often the row of the first run is looked at: word of another member's run may not come. */
const LOOK_MS = 1_500;

/** The report once the run has ended or waits; as it is when time is up. Subscribes first, so that no end is missed. */
export async function endOf(executionId: string, needs: Needs, limits: ApiLimits): Promise<RunReport | undefined> {
  const until = needs.clock.monotonic() + limits.DUPLICATE_WAIT_MS;
  let news: () => void = () => {};
  const unsubscribe = needs.hub.subscribe({ executionId }, (delivery) => {
    if (delivery.kind === 'resync' || delivery.events.some(({ type }) => SETTLING.has(type))) news();
  });
  try {
    for (;;) {
      const heard = new Promise<void>((resolve) => (news = resolve));
      const row = await needs.storage.journal.execution(executionId);
      const left = until - needs.clock.monotonic();
      if (row?.status !== 'running' || left <= 0) return await needs.engine.inspect(executionId);
      const stopTimer = needs.clock.after(Math.min(left, LOOK_MS), news);
      await heard;
      stopTimer();
    }
  } finally {
    unsubscribe();
  }
}

const SETTLING: ReadonlySet<string> = new Set([
  'execution.finished',
  'execution.failed',
  'execution.canceled',
  'execution.waiting',
]);

async function sentResponse(executionId: string, { storage }: Needs): Promise<WebhookResponse | undefined> {
  for (const { event } of await storage.journal.read(executionId)) {
    if (event.type === 'node.finished' && event.response !== undefined) return event.response;
  }
  return undefined;
}
