import { SHORT_WAIT_MS, type ItemError, type RunEvent, type WorkflowDefinition } from '#workflow';
import type { ExecutionCreate, JournalEvent, OutboxEvent, Step } from '#runtime';
import type { EventGate } from './gate.ts';
import { RELAY_LIMITS } from './limits.ts';

/** A run, as far as its events tell of it. */
interface Run {
  readonly executionId: string;
  readonly create: ExecutionCreate;
  readonly workflow?: WorkflowDefinition;
}

/**
 * Puts into a step the integration events of what it records, and into its children theirs: so they are committed with
 * the fact, or not at all. An event's id is that of its journal entry, so a repetition is the same event.
 */
export function leaveEvents(step: Step, run: Omit<Run, 'executionId'>, gate: EventGate): void {
  leave(step, { ...run, executionId: step.executionId }, gate);
  for (const child of step.children ?? []) {
    if (child.create) leave(child, { executionId: child.executionId, create: child.create }, gate);
  }
}

function leave(step: Step, run: Run, gate: EventGate): void {
  const events: OutboxEvent[] = [];
  for (const entry of step.events) {
    const type = typeOf(entry.event, run.workflow);
    if (type !== undefined && gate.wants(type)) events.push(envelope(type, entry, run));
  }
  if (events.length > 0) step.outbox = [...(step.outbox ?? []), ...events];
}

/** The integration event of a fact; most facts are the run's own business. */
function typeOf(event: RunEvent, workflow: WorkflowDefinition | undefined): string | undefined {
  switch (event.type) {
    case 'execution.started':
    case 'execution.failed':
    case 'execution.canceled':
      return event.type;
    case 'execution.finished':
      return 'execution.completed';
    case 'execution.waiting':
      return isLong(event) ? event.type : undefined;
    case 'node.finished':
      return ofNodes(workflow) ? 'node.completed' : undefined;
    case 'node.failed':
      return ofNodes(workflow) ? event.type : undefined;
    default:
      return undefined;
  }
}

/** Waits that people see: not for sub-workflows, and not a short timer, as in the status of the execution. */
function isLong({ reason, at, until }: Extract<RunEvent, { type: 'execution.waiting' }>): boolean {
  if (reason === 'children') return false;
  return reason !== 'timer' || until === undefined || until - at >= SHORT_WAIT_MS;
}

/** Events of nodes multiply the rows of a run: a workflow asks for them by `settings.events: "nodes"`. */
function ofNodes(workflow: WorkflowDefinition | undefined): boolean {
  return workflow?.settings.raw['events'] === 'nodes';
}

function envelope(type: string, { seq, event }: JournalEvent, { executionId, create }: Run): OutboxEvent {
  const { workflowId, workflowVersion, mode, parentExecutionId, retryOf } = create;
  const correlationId = parentExecutionId ?? executionId;
  return {
    id: `${executionId}-${seq}`,
    type,
    aggregateId: executionId,
    aggregateType: 'execution',
    timestamp: event.at,
    version: seq,
    payload: {
      workflowId,
      workflowVersion,
      mode,
      ...(parentExecutionId !== undefined && { parentExecutionId }),
      ...(retryOf !== undefined && { retryOf }),
      ...detailsOf(event, create),
    },
    metadata: {
      correlationId,
      ...(parentExecutionId !== undefined && { causationId: parentExecutionId }),
      // Decimal digits are hexadecimal ones too: the id itself, in the form that trace ids have.
      traceId: correlationId.padStart(32, '0'),
    },
  };
}

/** What subscribers get of the fact: never items, for those belong to the run and may be large or secret. */
function detailsOf(event: RunEvent, { startedAt }: ExecutionCreate): OutboxEvent['payload'] {
  switch (event.type) {
    case 'execution.started':
      return { trigger: event.trigger };
    case 'execution.finished':
      return { durationMs: event.at - startedAt };
    case 'execution.failed':
      return {
        durationMs: event.at - startedAt,
        error: wordsOf(event.error),
        ...(event.node !== undefined && { node: event.node }),
      };
    case 'execution.canceled':
      return { durationMs: event.at - startedAt, reason: cut(event.reason) };
    case 'execution.waiting':
      return { node: event.node, reason: event.reason, ...(event.until !== undefined && { until: event.until }) };
    case 'node.finished':
      return { node: event.node, run: event.run, ...(event.error && { error: wordsOf(event.error) }) };
    case 'node.failed':
      return { node: event.node, run: event.run, error: wordsOf(event.error) };
    default:
      return {};
  }
}

function wordsOf(error: ItemError): { message: string; code?: string } {
  const { code } = error;
  return { message: cut(error.message), ...(typeof code === 'string' && { code: cut(code) }) };
}

function cut(words: string): string {
  return words.slice(0, RELAY_LIMITS.EVENT_WORDS_CHARACTERS);
}
