import { outstanding, queuedFor, transition } from '#workflow';
import type { ActorContext } from '#runtime';
import { Execution, type Surroundings } from './execution.ts';
import { childResult } from './children.ts';
import { show } from './commit.ts';
import { failureAtStart, flush, perform, recordStart } from './drive.ts';
import { cancelRun } from './ending.ts';
import { resumeFromInbox } from './results.ts';
import type { ExecutionArgs, ExecutionMessage } from './protocol.ts';
import { watchTimeLimit } from './time-limit.ts';
import { holdInQueue, recordQueued } from './turn.ts';

/** Begins a run, or takes one up where its journal ends. */
export function openExecution(
  args: ExecutionArgs,
  surroundings: Surroundings,
  context: ActorContext<ExecutionMessage>,
): Execution {
  const { services } = surroundings;
  const execution = new Execution(args, surroundings, context);
  if (args.origin === 'start') {
    services.metrics.started();
    const { started, slot } = args;
    if (slot && !failureAtStart(execution, started)) recordQueued(execution, started, slot);
    else recordStart(execution, started);
    if (args.acceptEarly) flush(execution);
  } else {
    recover(execution, args);
  }
  watchTimeLimit(execution);
  return execution;
}

function recover(execution: Execution, args: Extract<ExecutionArgs, { origin: 'journal' }>): void {
  const { services, ledger } = execution;
  services.faults.at('recover.before', args.executionId);
  for (const { event } of args.events) transition(execution.run, event);
  showUnseen(execution, args);
  if (execution.terminal()) {
    execution.over = true;
    return;
  }
  const [first, ...later] = args.events.map(({ event }) => event);
  // A sub-workflow or error workflow was started by another run: it is looked at here.
  const begins = later.length === 0 && first?.type === 'execution.started';
  const failure = begins ? failureAtStart(execution, first) : undefined;
  execution.effects.push(...(failure ? [failure] : outstanding(execution.run)));
  perform(execution);
  if (!args.fresh && execution.run.status === 'running') {
    ledger.recoveries = args.recoveries;
    execution.suspected = true;
    flush(execution);
  }
  for (const letter of args.inbox) {
    if (letter.kind === 'child') childResult(execution, letter);
    else if (letter.kind === 'cancel') cancelRun(execution, String(letter.payload), letter);
    else resumeFromInbox(execution, letter);
  }
  if (queuedFor(execution.run) !== undefined) holdInQueue(execution);
  services.faults.at('recover.after', args.executionId);
}

/**
 * The commit of an earlier incarnation may have happened although it was never told so: its watchers and waiters hear
 * of it now. What came from another process was seen by nobody here; who watches reads it from the journal.
 */
function showUnseen(execution: Execution, args: Extract<ExecutionArgs, { origin: 'journal' }>): void {
  execution.backstage.accepted(args.executionId);
  const seen = args.shownSeq ?? (args.fresh ? 0 : Infinity);
  const unseen = args.events.filter(({ seq }) => seq > seen);
  if (unseen.length > 0) show(execution, unseen);
}
