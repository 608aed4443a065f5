import { queuedFor } from '#workflow';
import type { JournalEvent, StepOutcome } from '#runtime';
import { isLimited } from '../admission/claim.ts';
import type { Execution } from './execution.ts';
import { flush } from './drive.ts';
import { reportOf } from './report.ts';
import { dirty, openGates, settleStep } from './ledger.ts';
import { holdInQueue } from './turn.ts';

/** The answer of the journal to the step in flight. Only now may anything leave the process. */
export function committed(execution: Execution, outcome: StepOutcome): void {
  const { backstage, args } = execution;
  switch (outcome.kind) {
    case 'fenced':
      backstage.gone(args.executionId, 'moved');
      execution.over = true;
      return;
    case 'duplicate':
      backstage.accepted(args.executionId, outcome.executionId);
      execution.over = true;
      return;
    case 'committed':
      return advance(execution);
  }
}

function advance(execution: Execution): void {
  const { ledger, backstage, services, args } = execution;
  const first = ledger.create !== undefined;
  const events = settleStep(ledger);
  services.faults.at('answer.before', args.executionId);
  if (first) backstage.accepted(args.executionId);
  if (events.length > 0) show(execution, events);
  openGates(ledger);
  if (ledger.wanted && dirty(ledger)) flush(execution);
  if (ledger.inFlight || dirty(ledger)) return;
  rest(execution);
}

/** Committed events go to the live stream and to whoever waits for an answer among them. */
export function show(execution: Execution, events: readonly JournalEvent[]): void {
  const { services, backstage, args, line } = execution;
  services.live.published(args.executionId, args.workflow.id, events);
  line.shown(events.at(-1)?.seq ?? 0);
  backstage.committed(
    args.executionId,
    events.map(({ event }) => event),
  );
}

/** Everything recorded is durable: end, or sleep through a long wait. */
function rest(execution: Execution): void {
  const { backstage, services, args, run } = execution;
  if (execution.terminal()) {
    const report = reportOf(execution);
    const status = run.status as 'success' | 'error' | 'canceled'; // terminal() has just said so
    services.metrics.ended(status, ((report.stoppedAt ?? report.startedAt) - report.startedAt) / 1000);
    execution.over = true;
    backstage.ended(args.executionId, report);
    if (args.workflow.settings.concurrency && isLimited({ workflow: args.workflow, mode: args.create.mode })) {
      backstage.freed(args.workflow.id);
    }
  } else if (queuedFor(run) !== undefined) {
    holdInQueue(execution);
  } else if (run.status === 'waiting' && execution.nodes.size === 0) {
    backstage.ended(args.executionId, reportOf(execution));
  }
}
