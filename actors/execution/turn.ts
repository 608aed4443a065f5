import { queuedFor, transition, type ExecutionStarted } from '#workflow';
import type { SlotClaim } from '#runtime';
import { flush, perform, record } from './drive.ts';
import type { Execution } from './execution.ts';
import { append } from './ledger.ts';
import { reportOf } from './report.ts';
import { watchTimeLimit } from './time-limit.ts';

/** Records a start that queues: its first node is not begun, and the claim to a turn leaves in the same commit. */
export function recordQueued(execution: Execution, started: ExecutionStarted, slot: SlotClaim): void {
  const { services, ledger, run, args } = execution;
  append(ledger, started);
  services.faults.at('event.execution.started', args.executionId);
  const [, effects] = transition(run, started);
  const { current } = run;
  if (!current) {
    // It fails at its start: nothing to wait for.
    execution.effects.push(...effects);
    return perform(execution);
  }
  ledger.slot = slot;
  const reason = slot.concurrency ? 'concurrency' : 'rate';
  record(execution, { type: 'execution.waiting', at: started.at, node: current.node, run: current.run, reason });
}

/** Its turn has come. Heard again, or by a run that was canceled meanwhile, this says nothing. */
export function beginTurn(execution: Execution): void {
  const { services, run } = execution;
  const { current } = run;
  if (!current || queuedFor(run) === undefined) return;
  execution.queueHold = 'over';
  record(execution, { type: 'execution.resumed', at: services.clock.now(), node: current.node, run: current.run });
  // Committed at once: a run that takes the process down with it must be seen to have begun.
  flush(execution);
  watchTimeLimit(execution);
}

/** Keeps a queued run in memory for a while: most turns come soon, and a caller may wait for its end. */
export function holdInQueue(execution: Execution): void {
  if (execution.queueHold !== 'none') return;
  execution.queueHold = 'held';
  const { args, context, services } = execution;
  const { queueCallerMs, queueHeldMs } = services.limits;
  const ms = args.origin === 'start' && !args.acceptEarly ? queueCallerMs : queueHeldMs;
  execution.cancelers.push(context.tellSelfAfter(ms, { type: 'queuedLong' }));
}

/** It has waited for long: its callers are told so, and from here on it is a row. */
export function letGo(execution: Execution): void {
  if (execution.queueHold !== 'held') return;
  execution.queueHold = 'over';
  if (queuedFor(execution.run) !== undefined) {
    execution.backstage.ended(execution.args.executionId, reportOf(execution));
  }
}
