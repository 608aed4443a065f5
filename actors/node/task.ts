import { factsIn, type NodeDefinition, type RunNodeEffect } from '#workflow';
import type { NodeType } from '#runtime';
import type { Execution } from '../execution/execution.ts';
import type { NodeTask } from './actor.ts';
import { nodeContext } from './context.ts';

/** Everything one run of a node needs, taken from the state of its execution. */
export function nodeTask(execution: Execution, node: NodeDefinition, type: NodeType, effect: RunNodeEffect): NodeTask {
  const { services, context } = execution;
  const abort = new AbortController();
  const actor = actorName(node, effect);
  const { node: name, run, attempt } = effect;
  return {
    node,
    type,
    context: nodeContext(execution, node, type, effect, abort.signal),
    abort,
    deadlineMs: services.limits.nodeDeadlineMs,
    depth: execution.depth,
    external: factsIn(execution.run, node.name)?.effect === 'external',
    report: (outcome) =>
      context.system.tell(context.self, { type: 'node.done', actor, node: name, run, attempt, outcome }),
    slow: () => context.system.tell(context.self, { type: 'node.slow' }),
  };
}

/** Unique among the children of an execution actor; stable for what people see in the tree. */
export function actorName(node: NodeDefinition, effect: RunNodeEffect): string {
  return `node-${node.id}.${effect.run}.${effect.attempt}`;
}
