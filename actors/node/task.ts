import { factsIn, type NodeDefinition, type RunNodeEffect } from '#workflow';
import type { NodeType } from '#runtime';
import type { Execution } from '../execution/execution.ts';
import type { NodeTask } from './actor.ts';
import { nodeContext, type StaticData } from './context.ts';

/** Everything one run of a node needs, taken from the state of its execution. */
export function nodeTask(execution: Execution, node: NodeDefinition, type: NodeType, effect: RunNodeEffect): NodeTask {
  const { services, context, args } = execution;
  const abort = new AbortController();
  const actor = actorName(node, effect);
  const { node: name, run, attempt } = effect;
  let staticData: StaticData = {};
  const task: NodeTask = {
    node,
    type,
    context: nodeContext(execution, node, type, effect, abort.signal, () => staticData),
    abort,
    deadlineMs: services.limits.nodeDeadlineMs,
    depth: execution.depth,
    external: factsIn(execution.run, node.name)?.effect === 'external',
    ended: false,
    report: (outcome) =>
      context.system.tell(context.self, { type: 'node.done', actor, node: name, run, attempt, outcome }),
    slow: () => context.system.tell(context.self, { type: 'node.slow' }),
  };
  if (!readsStaticData(node)) return task;
  const prepare = async (): Promise<void> => {
    staticData = await services.workflows.staticData(args.workflow.id);
  };
  return { ...task, prepare };
}

/** Only code reads static data, and it says so in its text; no other node pays for the look-up. */
function readsStaticData(node: NodeDefinition): boolean {
  const code = node.parameters['jsCode'] ?? node.parameters['functionCode'];
  return typeof code === 'string' && code.includes('StaticData');
}

/** Unique among the children of an execution actor; stable for what people see in the tree. */
export function actorName(node: NodeDefinition, effect: RunNodeEffect): string {
  return `node-${node.id}.${effect.run}.${effect.attempt}`;
}
