import { isQueueReason } from '#workflow';
import type { ActorInfo, ExecutionRecord, InspectionEvent } from '#runtime';

import type { BreakerInfo, Engine, ResumeMessage, RunReport } from '../engine.ts';
import { DeathWatch } from '../remote/death-watch.ts';
import { answerStates, stateOf } from '../remote/state.ts';
import { answerTrees, treesOfAll, type OwnTree } from '../remote/trees.ts';
import type { Company } from './company.ts';
import { foldReport } from './inspect.ts';

/** Quarantined executions that the live tree goes on showing; the oldest go first. */
const QUARANTINED_SHOWN = 100;

/** The engine of a member over its company; see {@link Engine}. */
export function createEngine(company: Company, breakers: () => readonly BreakerInfo[]): Engine {
  const { services, system } = company;
  const quarantined: ActorInfo[] = [];
  system.observe((event) => {
    if (event.type !== 'actor.quarantined') return;
    quarantined.push(asInfo(event));
    if (quarantined.length > QUARANTINED_SHOWN) quarantined.shift();
  });
  const own: OwnTree = { tree: () => [...system.tree(), ...quarantined], breakers };
  const deaths = new DeathWatch(services.peers);
  answerTrees(own, services);
  answerStates(system, services);
  return {
    ...own,
    start: (request) => company.start(request),
    inspect: (executionId) => foldReport(executionId, services),
    state: (executionId) => stateOf(executionId, system, services, deaths),
    trees: () => treesOfAll(own, services, deaths),
    cancel: (executionId, reason) => cancel(company, executionId, reason),
    resume: (executionId, message) => resume(company, executionId, message),
  };
}

function asInfo(event: Extract<InspectionEvent, { type: 'actor.quarantined' }>): ActorInfo {
  const { path, kind, cause, restartsUsed, restartsAllowed } = event;
  return {
    path,
    uid: 0,
    kind,
    state: 'quarantined',
    mailboxLength: 0,
    oldestMessageMs: 0,
    restartsUsed,
    restartsAllowed,
    detail: { cause },
  };
}

/** The letter stays until it is answered: whoever performs the run, now or after a takeover, reads it. */
async function cancel(
  company: Company,
  executionId: string,
  reason: string,
): Promise<'canceled' | 'ended' | 'unknown'> {
  const { journal } = company.services;
  const row = await journal.execution(executionId);
  if (!row && !company.performs(executionId)) return 'unknown';
  if (row?.stoppedAt !== undefined) return 'ended';
  const report = await canceledReport(company, executionId, row?.lastSeq ?? 0, reason);
  if (report.status !== 'canceled') return 'ended';
  const children = await awaitedBy(company, executionId);
  // Their letters are durable already: this only waits until they have been read, so that nothing goes out afterwards.
  await Promise.allSettled(children.map((child) => cancel(company, child, reason)));
  return 'canceled';
}

/** Asks for the cancel and waits for the end; a long wait that the run begins meanwhile is not its end. */
async function canceledReport(
  company: Company,
  executionId: string,
  seenSeq: number,
  reason: string,
): Promise<RunReport> {
  const { journal } = company.services;
  for (let afterSeq = seenSeq; ;) {
    const handle = company.handles.open(executionId, afterSeq);
    const letter = { executionId, messageId: `cancel-${executionId}`, kind: 'cancel', payload: reason } as const;
    const written = await journal.deliver(letter);
    // A run whose start is not committed yet has no inbox.
    if (written) company.doorbell(letter);
    else company.deliver(executionId, { type: 'cancel', reason });
    company.followIfAway(executionId);
    const report = await handle.ended;
    if (report.stoppedAt !== undefined) return report;
    afterSeq = (await journal.execution(executionId))?.lastSeq ?? afterSeq;
  }
}

/** Events behind the wait for children in a run that was canceled in it: its cancel. A few more do no harm. */
const TAIL_EVENTS = 5;

/** The sub-workflows that a canceled run was waiting for. */
async function awaitedBy(company: Company, executionId: string): Promise<readonly string[]> {
  const { journal } = company.services;
  const row = await journal.execution(executionId);
  const tail = await journal.read(executionId, { afterSeq: Math.max(0, (row?.lastSeq ?? 0) - TAIL_EVENTS) });
  const last = tail.findLast(({ event }) => event.type === 'execution.waiting' || event.type === 'execution.resumed');
  return last?.event.type === 'execution.waiting' ? (last.event.children ?? []) : [];
}

async function resume(company: Company, executionId: string, message: ResumeMessage): ReturnType<Engine['resume']> {
  const { journal } = company.services;
  const row = await journal.execution(executionId);
  if (!row) return { kind: 'unknown' };
  if (row.status !== 'waiting' || (await isQueued(company, row))) return { kind: 'notWaiting' };
  const { messageId, items, payload } = message;
  const letter = {
    executionId,
    messageId,
    kind: 'resume',
    payload: { ...(items && { items }), ...(payload !== undefined && { payload }) },
  } as const;
  if (!(await journal.deliver(letter))) return { kind: 'notWaiting' };
  // Whoever still waits for what led to this wait is answered before others wait for what follows it.
  await company.elsewhere.look(executionId);
  const handle = company.handles.open(executionId, row.lastSeq);
  company.doorbell(letter);
  company.followIfAway(executionId);
  return { kind: 'accepted', handle };
}

/** It waits for its turn, not for anybody's word. */
async function isQueued(company: Company, { id, lastSeq }: ExecutionRecord): Promise<boolean> {
  const [last] = await company.services.journal.read(id, { afterSeq: lastSeq - 1, limit: 1 });
  return last?.event.type === 'execution.waiting' && isQueueReason(last.event.reason);
}
