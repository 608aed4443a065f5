import { errors } from '../errors.ts';
import type { ExecutionRecord, ExecutionStatus, InboxMessage, OutboxEvent, Step, StepOutcome } from '../ports/index.ts';
import { enqueue } from './slots.ts';
import { copy, idempotencySlot } from './state.ts';
import type { MemoryState } from './state.ts';

const FENCED: StepOutcome = { kind: 'fenced' };
const COMMITTED: StepOutcome = { kind: 'committed' };

/** True for a status that never changes any more. */
export function isTerminal(status: ExecutionStatus): boolean {
  return status === 'success' || status === 'error' || status === 'canceled';
}

/** Judges a step with its children and, when nothing speaks against any of them, writes them all. */
export function applyStep(state: MemoryState, step: Step): StepOutcome {
  const all = [step, ...(step.children ?? [])];
  const seen = new Set<string>();
  for (const part of all) {
    const outcome = seen.has(part.executionId) ? FENCED : judge(state, part);
    if (outcome.kind !== 'committed') return outcome;
    seen.add(part.executionId);
  }
  for (const part of all) write(state, part);
  return COMMITTED;
}

/** Refuses what is a bug of the writer, not a lost race; throws JOURNAL_STEP_INVALID. */
export function assertStep(step: Step): void {
  const invalid = (why: string): Error => errors.JOURNAL_STEP_INVALID({ executionId: step.executionId, why });
  if (isTerminal(step.status) !== (step.stoppedAt !== undefined))
    throw invalid('stoppedAt belongs to a terminal status');
  step.events.forEach(({ seq }, index) => {
    if (seq !== (step.events[0]?.seq ?? 0) + index) throw invalid(`seq ${seq} leaves a gap`);
  });
  if (step.slot && (!step.create || step.status !== 'waiting')) throw invalid('only a waiting start claims a turn');
  for (const child of step.children ?? []) {
    if (child.create === undefined) throw invalid(`child ${child.executionId} is not created here`);
    assertStep(child);
  }
}

function judge(state: MemoryState, step: Step): StepOutcome {
  if (step.epoch !== (state.shards.get(step.shard)?.epoch ?? 0)) return FENCED;
  const record = state.executions.get(step.executionId);
  const first = step.events[0]?.seq;
  if (step.create !== undefined) {
    const { workflowId, idempotencyKey } = step.create;
    const owner =
      idempotencyKey === undefined ? undefined : state.idempotency.get(idempotencySlot(workflowId, idempotencyKey));
    if (owner !== undefined) return { kind: 'duplicate', executionId: owner };
    return record === undefined && (first ?? 1) === 1 ? COMMITTED : FENCED;
  }
  if (record === undefined) return FENCED;
  if (first !== undefined && first !== record.lastSeq + 1) return FENCED;
  return isTerminal(record.status) && (first !== undefined || step.status !== record.status) ? FENCED : COMMITTED;
}

function write(state: MemoryState, step: Step): void {
  const record = rowAfter(state.executions.get(step.executionId), step);
  state.executions.set(step.executionId, record);
  if (step.create?.idempotencyKey !== undefined) {
    state.idempotency.set(idempotencySlot(record.workflowId, step.create.idempotencyKey), step.executionId);
  }
  const journal = state.journal.get(step.executionId) ?? [];
  journal.push(...copy(step.events));
  state.journal.set(step.executionId, journal);
  for (const timer of step.timersSet ?? []) state.timers.set(timer.id, copy(timer));
  for (const id of step.timersDone ?? []) state.timers.delete(id);
  enqueue(state, step);
  consume(state, step.executionId, step.inboxDone ?? []);
  for (const message of step.deliver ?? []) deliver(state, message);
  leave(state, step.shard, step.outbox ?? []);
  if (step.staticData !== undefined) {
    const before = state.staticData.get(record.workflowId);
    state.staticData.set(record.workflowId, { ...before, ...copy(step.staticData) });
  }
}

function leave({ outbox }: MemoryState, shard: number, events: readonly OutboxEvent[]): void {
  if (events.length === 0) return;
  outbox.lastN += 1;
  outbox.rows.push({ n: outbox.lastN, shard, events: copy(events) });
}

function rowAfter(before: ExecutionRecord | undefined, step: Step): ExecutionRecord {
  const created = before ?? (step.create as ExecutionRecord); // judged: a step without a row creates it
  const { stoppedAt: _stopped, wakeAt: _wake, ...lasting } = created;
  return copy({
    ...lasting,
    id: step.executionId,
    shard: step.shard,
    status: step.status,
    lastSeq: step.events.at(-1)?.seq ?? before?.lastSeq ?? 0,
    recoveries: step.recoveries ?? before?.recoveries ?? 0,
    ...(step.stoppedAt === undefined ? {} : { stoppedAt: step.stoppedAt }),
    ...(step.wakeAt === undefined ? {} : { wakeAt: step.wakeAt }),
  });
}

function consume(state: MemoryState, executionId: string, messageIds: readonly string[]): void {
  const waiting = state.inbox.get(executionId);
  if (waiting === undefined) return;
  const left = waiting.filter(({ messageId }) => !messageIds.includes(messageId));
  if (left.length === 0) state.inbox.delete(executionId);
  else state.inbox.set(executionId, left);
}

/** False: no such execution, or it has ended. A message that waits already is not added again. */
export function deliver(state: MemoryState, message: InboxMessage): boolean {
  const record = state.executions.get(message.executionId);
  if (record === undefined || isTerminal(record.status)) return false;
  const waiting = state.inbox.get(message.executionId) ?? [];
  if (!waiting.some(({ messageId }) => messageId === message.messageId)) waiting.push(copy(message));
  state.inbox.set(message.executionId, waiting);
  return true;
}
