import { currentRun, settle, type ItemError, type RunEvent } from '#workflow';
import type { InboxMessage } from '#runtime';
import { asItemError } from '../node/failure.ts';
import { startChildren } from './children.ts';
import { conclude, flush, perform, record } from './drive.ts';
import { timerId, type Execution, type RunningNode } from './execution.ts';
import type { ExecutionMessage } from './protocol.ts';

type NodeDone = Extract<ExecutionMessage, { type: 'node.done' }>;

/** A node actor has reported: the language turns its outcome into the fact that counts. */
export function nodeDone(execution: Execution, message: NodeDone): void {
  const { node, run, attempt, outcome } = message;
  execution.nodes.delete(message.actor);
  if (execution.terminal()) return;
  if (outcome.kind === 'calls') return startChildren(execution, { node, run }, outcome);
  const settled = outcome.kind === 'failure' ? { failure: outcome.error } : { result: outcome.result };
  const event = settle(execution.run, { node, run, attempt }, settled, execution.services.clock.now());
  conclude(execution, heldBack(event, execution));
}

/** Retries behind an open breaker come spread over this time, so that the first one's answer can close it for the rest. */
const BREAKER_SPREAD_MS = 3_000;

/** A retry that a breaker refused waits until the breaker lets calls through: sooner it would be a wasted try. */
function heldBack(event: RunEvent, { services }: Execution): RunEvent {
  if (event.type !== 'node.retrying' || event.error['code'] !== 'BREAKER_OPEN') return event;
  const retryAt = Date.parse(String(event.error['retryAt']));
  if (!(retryAt > event.wakeAt)) return event;
  return { ...event, wakeAt: retryAt + Math.floor(services.random.next() * BREAKER_SPREAD_MS) };
}

/** A node actor crashed without a word: that is a failure of its node. */
export function nodeCrashed(execution: Execution, running: RunningNode, error: unknown): void {
  const { node, run, attempt } = running;
  const failure: ItemError = asItemError(error);
  conclude(
    execution,
    settle(execution.run, { node: node.name, run, attempt }, { failure }, execution.services.clock.now()),
  );
}

/** A retry or a wait is due. Late or repeated bells find nothing to wake and do nothing, early ones ring again. */
export function wake(execution: Execution, message: Extract<ExecutionMessage, { type: 'wake' }>): void {
  const { run, services, ledger, context } = execution;
  const { current } = run;
  const meant = !execution.terminal() && current?.node === message.node && current.run === message.run;
  const at = services.clock.now();
  const until = meant && current.phase === 'waiting' ? current.wait?.until : undefined;
  if (until !== undefined && at < until) {
    // A timer counts on another clock than the one that tells the time: it may ring early, and nothing rings again.
    execution.cancelers.push(context.tellSelfAfter(until - at, message));
    return;
  }
  if (message.timerId !== undefined) ledger.timersDone.push(message.timerId);
  if (!meant) return flush(execution);
  if (until !== undefined) {
    record(execution, { type: 'execution.resumed', at, node: message.node, run: message.run });
  } else if (current.phase === 'retrying') {
    const effect = currentRun(run);
    if (effect) execution.effects.push(effect);
    perform(execution);
  } else flush(execution);
}

/** A call or a signal for a waiting run. A letter that was answered already is just taken off the table. */
export function resumeFromInbox(execution: Execution, letter: InboxMessage): void {
  const { ledger, services } = execution;
  if (execution.answered.has(letter.messageId)) return;
  execution.answered.add(letter.messageId);
  ledger.inboxDone.push(letter.messageId);
  const waiting = execution.waiting();
  if (!waiting || (waiting.reason !== 'webhook' && waiting.reason !== 'form' && waiting.reason !== 'timer'))
    return flush(execution);
  const { items } = letter.payload as { items?: Extract<RunEvent, { type: 'execution.resumed' }>['items'] }; // written by engine.resume
  const event: RunEvent = { type: 'execution.resumed', at: services.clock.now(), node: waiting.node, run: waiting.run };
  if (items) event.items = items;
  ledger.timersDone.push(timerId(execution, waiting));
  record(execution, event);
  flush(execution);
}
