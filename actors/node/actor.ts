import { TroupeError, type NodeDefinition, type NodeResult } from '#workflow';
import type { ActorContext, Behavior, Next, NodeContext, NodeType } from '#runtime';
import { resolveCalls } from './calls.ts';
import { asItemError } from './failure.ts';
import type { NodeOutcome } from '../execution/protocol.ts';
import type { Services } from '../services.ts';

/** One run of one node. The actor lives for just this run: it executes, reports, and ends. */
export interface NodeTask {
  readonly node: NodeDefinition;
  readonly type: NodeType;
  readonly context: NodeContext;
  /** Aborted on cancel, on stop and at the node's deadline. */
  readonly abort: AbortController;
  readonly deadlineMs: number;
  /** Sub-workflow levels above this run. */
  readonly depth: number;
  readonly external: boolean;
  /** It has reported; nothing is left to abort. */
  ended: boolean;
  report(outcome: NodeOutcome): void;
  /** Present when something must be read before the node can run. */
  prepare?(): Promise<void>;
  /** Called once when the node did not answer at once within `slowNodeMs`. */
  slow(): void;
}

export type NodeMessage =
  | { type: 'run' }
  | { type: 'slow' }
  | { type: 'deadline' }
  | { type: 'returned'; outcome: NodeOutcome };

const SAME: Next<NodeTask> = { kind: 'same' };
const STOP: Next<NodeTask> = { kind: 'stop' };

export function nodeActor(task: NodeTask, services: Services): Behavior<NodeMessage, NodeTask> {
  return {
    kind: 'node',
    init: () => task,
    receive: (_, message, context) => receive(task, message, context, services),
    // Aborting costs an exception with its stack: only what is still at work is told.
    stopping: () => {
      if (!task.ended) task.abort.abort();
    },
    inspect: () => ({
      node: task.node.name,
      nodeType: task.node.type,
      run: task.context.run,
      attempt: task.context.attempt,
    }),
  };
}

function receive(
  task: NodeTask,
  message: NodeMessage,
  context: ActorContext<NodeMessage>,
  services: Services,
): Next<NodeTask> {
  switch (message.type) {
    case 'run':
      return run(task, context, services);
    case 'slow':
      task.slow();
      return SAME;
    case 'deadline':
      task.abort.abort();
      return report(
        task,
        {
          kind: 'failure',
          error: { message: `The node ran longer than ${task.deadlineMs / 1000} s`, name: 'NodeTimeout' },
        },
        services,
      );
    case 'returned':
      return report(task, message.outcome, services);
  }
}

function run(task: NodeTask, context: ActorContext<NodeMessage>, services: Services): Next<NodeTask> {
  const { context: nodeContext, external } = task;
  if (external) services.faults.at('effect.before', nodeContext.executionId);
  const returned = task.prepare ? task.prepare().then(() => attempt(task)) : attempt(task);
  if (!(returned instanceof Promise) && returned.kind !== 'calls') return report(task, returned, services);
  const outcome = returned instanceof Promise ? returned : Promise.resolve(returned);
  context.tellSelfAfter(services.limits.slowNodeMs, { type: 'slow' });
  context.tellSelfAfter(task.deadlineMs, { type: 'deadline' });
  context.pipeToSelf(
    outcome.then((value) => (value.kind === 'calls' ? resolveCalls(value, services, task.depth) : value)),
    (value) => ({ type: 'returned', outcome: value }),
    (error) => ({ type: 'returned', outcome: { kind: 'failure', error: asItemError(error) } }),
  );
  return SAME;
}

type Raw = Exclude<NodeOutcome, { kind: 'calls' }> | { kind: 'calls'; asked: Extract<NodeResult, { kind: 'call' }> };

/** A TroupeError or any other throw of the node's code is the node's failure; only our own assertions crash the actor. */
function attempt(task: NodeTask): Raw | Promise<Raw> {
  try {
    const result = task.type.execute(task.context);
    return result instanceof Promise ? result.then(classify, failed) : classify(result);
  } catch (error) {
    return failed(error);
  }
}

function classify(result: NodeResult): Raw {
  return result.kind === 'call' ? { kind: 'calls', asked: result } : { kind: 'result', result };
}

function failed(error: unknown): Raw {
  if (error instanceof TroupeError && error.code === 'NODE_CRASHED') throw error;
  return { kind: 'failure', error: asItemError(error) };
}

function report(task: NodeTask, outcome: NodeOutcome, services: Services): Next<NodeTask> {
  if (task.external) services.faults.at('effect.after', task.context.executionId);
  services.metrics.node(task.node.type, outcome.kind === 'failure' ? 'error' : 'success');
  task.ended = true;
  task.report(outcome);
  return STOP;
}
