import type { RunEvent } from '#workflow';
import type { Step } from '#runtime';
import { errors } from '../errors.ts';
import { leaveEvents } from '../outbox/facts.ts';
import type { Backstage, Services } from '../services.ts';

export interface Condemned {
  executionId: string;
  shard: number;
  cause: string;
  used: number;
  allowed: number;
}

/** Pause before the end of a quarantined run is written again when the database did not take it. */
const WRITE_RETRY_MS = 2_000;

/**
 * Ends a poison execution with its cause, without performing or folding any of it: what crashed the actor might be in
 * the fold itself. Tried again until it is written or turns out to have ended.
 */
export function quarantine(condemned: Condemned, services: Services, backstage: Backstage): void {
  write(condemned, services).then(
    () => backstage.endedEarlier(condemned.executionId),
    () => backstage.later(WRITE_RETRY_MS, () => quarantine(condemned, services, backstage)),
  );
}

async function write({ executionId, shard, cause, used, allowed }: Condemned, services: Services): Promise<void> {
  const row = await services.journal.execution(executionId);
  const epoch = services.owner.epochOf(shard);
  if (!row || row.stoppedAt !== undefined || epoch === undefined) return;
  const at = services.clock.now();
  const reason = errors.EXECUTION_QUARANTINED({ cause, used, allowed });
  const event: RunEvent = {
    type: 'execution.failed',
    at,
    error: { message: reason.message, code: reason.code, name: reason.name },
  };
  const events = [{ seq: row.lastSeq + 1, event }];
  const step: Step = { executionId, shard, epoch, events, status: 'error', stoppedAt: at };
  if (services.events) leaveEvents(step, { create: row }, services.events);
  await services.committer.submit(step);
}
