import { pendingChildren, type Item, type RunEvent } from '#workflow';
import type { InboxMessage, Step } from '#runtime';
import type { ExecutionMessage } from './protocol.ts';
import { publicUrl } from '../public-url.ts';
import { afterCommit } from './ledger.ts';
import { flush, record } from './drive.ts';
import { timerId, type Execution } from './execution.ts';

/** Ends a run with everything below it: its nodes are aborted now, its sub-workflows get a durable letter. */
export function cancelRun(execution: Execution, reason: string, letter?: InboxMessage): void {
  const { ledger, run, services, backstage } = execution;
  if (letter && !execution.answered.has(letter.messageId)) {
    execution.answered.add(letter.messageId);
    ledger.inboxDone.push(letter.messageId);
  }
  if (execution.terminal()) return flush(execution);
  const children = pendingChildren(run);
  const letters = children.map((child): InboxMessage => ({
    executionId: child,
    messageId: `cancel-${child}`,
    kind: 'cancel',
    payload: reason,
  }));
  ledger.deliver.push(...letters);
  const waiting = execution.waiting();
  if (waiting) ledger.timersDone.push(timerId(execution, waiting));
  record(execution, { type: 'execution.canceled', at: services.clock.now(), reason });
  for (const running of execution.nodes.values()) running.abort.abort();
  afterCommit(ledger, () => letters.forEach((each) => backstage.doorbell(each)));
  flush(execution);
}

/** The error workflow of this failed run is known (or there is none): both leave in one commit. */
export function endWithErrorWorkflow(
  execution: Execution,
  message: Extract<ExecutionMessage, { type: 'errorWorkflow' }>,
): void {
  const { ledger, services, args, backstage } = execution;
  execution.holdsEnd = false;
  const { found } = message;
  if (found) {
    const { executionId, shard } = services.owner.nextId(args.shard);
    const now = services.clock.now();
    const started: RunEvent = {
      type: 'execution.started',
      at: now,
      mode: 'error',
      trigger: found.trigger,
      items: [errorItem(execution)],
    };
    const create = {
      workflowId: found.definition.id,
      workflowVersion: found.version,
      mode: 'error',
      startedAt: now,
    } as const;
    const step: Step = {
      executionId,
      shard,
      epoch: args.epoch,
      create,
      events: [{ seq: 1, event: started }],
      status: 'running',
    };
    ledger.children.push(step);
    afterCommit(ledger, () => backstage.adopt([{ step, workflow: found.definition }]));
  }
  flush(execution);
}

/** What an Error Trigger hands on; the shape is n8n's. */
function errorItem(execution: Execution): Item {
  const { run, args, services } = execution;
  const { error } = run;
  const url = `${publicUrl(services)}/workflow/${args.workflow.id}/executions/${args.executionId}`;
  const json = {
    execution: {
      id: args.executionId,
      url,
      ...(args.create.retryOf !== undefined && { retryOf: args.create.retryOf }),
      error: { ...error },
      lastNodeExecuted: run.lastNodeExecuted ?? null,
      mode: args.create.mode,
    },
    workflow: { id: args.workflow.id, name: args.workflow.name },
  };
  return { json: JSON.parse(JSON.stringify(json)) as Item['json'] }; // plain data by construction
}
