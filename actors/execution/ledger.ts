import type { RunEvent } from '#workflow';
import type { ExecutionCreate, ExecutionStatus, InboxMessage, JournalEvent, SlotClaim, Step, TimerRow } from '#runtime';
import type { ExecutionIdentity } from './protocol.ts';

/**
 * What an execution has recorded but not yet committed, and which deeds wait for which commit. One step is in
 * flight at a time: a step that fails must never be followed by one that succeeds.
 */
export interface Ledger {
  /** Seq of the newest recorded event; 0 before the first. */
  seq: number;
  /** Seq of the newest committed event. */
  committedSeq: number;
  pending: JournalEvent[];
  /** Present until the first step is committed. */
  create: ExecutionCreate | undefined;
  /** What the run claims under the limits of its workflow; leaves with the first step. */
  slot: SlotClaim | undefined;
  inFlight: JournalEvent[] | undefined;
  /** Somebody waits for what is pending: submit as soon as nothing is in flight. */
  wanted: boolean;
  timersSet: TimerRow[];
  timersDone: string[];
  inboxDone: string[];
  deliver: InboxMessage[];
  children: Step[];
  staticData: Record<string, unknown> | undefined;
  recoveries: number | undefined;
  /** Deeds that act on the world, each due once its seq is committed; ascending. */
  gates: { seq: number; open: () => void }[];
}

export function newLedger(create: ExecutionCreate | undefined, committedSeq: number): Ledger {
  return {
    seq: committedSeq,
    committedSeq,
    pending: [],
    create,
    slot: undefined,
    inFlight: undefined,
    wanted: false,
    timersSet: [],
    timersDone: [],
    inboxDone: [],
    deliver: [],
    children: [],
    staticData: undefined,
    recoveries: undefined,
    gates: [],
  };
}

export function append(ledger: Ledger, event: RunEvent): void {
  ledger.seq += 1;
  ledger.pending.push({ seq: ledger.seq, event });
}

/** True when something is recorded that no step carries yet. */
export function dirty(ledger: Ledger): boolean {
  return (
    ledger.pending.length > 0 ||
    ledger.timersSet.length > 0 ||
    ledger.timersDone.length > 0 ||
    ledger.inboxDone.length > 0 ||
    ledger.recoveries !== undefined
  );
}

/** Runs `open` after everything recorded so far is committed. */
export function afterCommit(ledger: Ledger, open: () => void): void {
  ledger.gates.push({ seq: ledger.seq, open });
  ledger.wanted = true;
}

export interface RowState {
  status: ExecutionStatus;
  stoppedAt: number | undefined;
  wakeAt: number | undefined;
}

/** Takes everything pending out of the ledger as one step; it is in flight from here on. */
export function takeStep(ledger: Ledger, identity: ExecutionIdentity, row: RowState): Step {
  const { executionId, shard, epoch } = identity;
  const step: Step = { executionId, shard, epoch, events: ledger.pending, status: row.status };
  if (ledger.create) step.create = ledger.create;
  if (ledger.slot) step.slot = ledger.slot;
  if (row.stoppedAt !== undefined) step.stoppedAt = row.stoppedAt;
  if (row.wakeAt !== undefined) step.wakeAt = row.wakeAt;
  if (ledger.recoveries !== undefined) step.recoveries = ledger.recoveries;
  if (ledger.timersSet.length > 0) step.timersSet = ledger.timersSet;
  if (ledger.timersDone.length > 0) step.timersDone = ledger.timersDone;
  if (ledger.inboxDone.length > 0) step.inboxDone = ledger.inboxDone;
  if (ledger.deliver.length > 0) step.deliver = ledger.deliver;
  if (ledger.children.length > 0) step.children = ledger.children;
  if (ledger.staticData) step.staticData = ledger.staticData;
  ledger.inFlight = ledger.pending;
  ledger.pending = [];
  ledger.wanted = false;
  ledger.slot = undefined;
  ledger.timersSet = [];
  ledger.timersDone = [];
  ledger.inboxDone = [];
  ledger.deliver = [];
  ledger.children = [];
  ledger.staticData = undefined;
  ledger.recoveries = undefined;
  return step;
}

/** The step in flight is durable: returns its events and opens the gates that waited for them. */
export function settleStep(ledger: Ledger): readonly JournalEvent[] {
  const events = ledger.inFlight ?? [];
  ledger.inFlight = undefined;
  ledger.create = undefined;
  const last = events.at(-1);
  if (last) ledger.committedSeq = last.seq;
  return events;
}

/** Gates whose seq is committed by now, taken out in order. */
export function openGates(ledger: Ledger): void {
  while (ledger.gates[0] && ledger.gates[0].seq <= ledger.committedSeq) ledger.gates.shift()?.open();
}
