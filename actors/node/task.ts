import { factsIn, type NodeDefinition, type RunNodeEffect } from '#workflow';
import type { NodeType } from '#runtime';
import type { Execution } from '../execution/execution.ts';
import type { NodeTask } from './actor.ts';
import { nodeContext, type RunSource, type StaticData } from './context.ts';

/** Everything one run of a node needs, taken from the state of its execution. */
export function nodeTask(execution: Execution, node: NodeDefinition, type: NodeType, effect: RunNodeEffect): NodeTask {
  const { context } = execution;
  const actor = actorName(node, effect);
  const { node: name, run, attempt } = effect;
  return taskOf(execution, node, type, effect, {
    report: (outcome) =>
      context.system.tell(context.self, { type: 'node.done', actor, node: name, run, attempt, outcome }),
    slow: () => context.system.tell(context.self, { type: 'node.slow' }),
  });
}

/** The same for any source of the run, and for whoever wants to hear of it. */
export function taskOf(
  source: RunSource,
  node: NodeDefinition,
  type: NodeType,
  effect: RunNodeEffect,
  listener: Pick<NodeTask, 'report' | 'slow'>,
): NodeTask {
  const { services, args, run } = source;
  const abort = new AbortController();
  let staticData: StaticData = {};
  const task: NodeTask = {
    node,
    type,
    context: nodeContext(source, node, type, effect, abort.signal, () => staticData),
    abort,
    deadlineMs: services.limits.nodeDeadlineMs,
    depth: run.parent?.depth ?? 0,
    external: factsIn(run, node.name)?.effect === 'external',
    ended: false,
    ...listener,
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
