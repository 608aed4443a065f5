import type { Feed } from './graph.ts';
import type { Ports } from './items.ts';
import type { Ended, RunState } from './run-state.ts';

/** Whether a run of `feed.node` left the output empty; a node that has not run counts as empty. */
function cameEmpty(state: RunState, ended: Ended, feed: Feed): boolean {
  const outputs: Ports | undefined =
    feed.node === ended.node ? ended.outputs : state.runData.get(feed.node)?.at(-1)?.outputs;
  return (outputs?.[feed.output]?.length ?? 0) === 0;
}

function hasRun(state: RunState, ended: Ended, node: string): boolean {
  return node === ended.node || state.runData.has(node);
}

function isComing(state: RunState, node: string): boolean {
  return state.waitingInputs.has(node) || state.stack.some((entry) => entry.node === node);
}

/** The ancestor to start so that `node` runs, or undefined when it is on its way or cannot be helped. */
function unrunRoot(state: RunState, ended: Ended, node: string): string | undefined {
  if (hasRun(state, ended, node) || isComing(state, node)) return undefined;
  for (const ancestor of state.graph.ancestors(node)) if (isComing(state, ancestor)) return undefined;
  const climbed = new Set<string>();
  for (let root = node; ;) {
    climbed.add(root);
    const feeds = state.graph.feeds(root).flat();
    const above = feeds.find((feed) => !hasRun(state, ended, feed.node) && !climbed.has(feed.node));
    // What was given items by its feeder is on its way even if that delivery is not made yet.
    if (above === undefined) return feeds.every((feed) => cameEmpty(state, ended, feed)) ? root : undefined;
    root = above.node;
  }
}

/**
 * v0's forcing: when a node with several inputs gets its first data, the ancestors of its other inputs that have not
 * run and are not on their way are started with one empty item, so that the inputs fill.
 */
export function startUnrunAncestors(state: RunState, ended: Ended, target: string): void {
  for (const feed of state.graph.feeds(target).flat()) {
    const root = unrunRoot(state, ended, feed.node);
    if (root === undefined || (state.reachable !== undefined && !state.reachable.has(root))) continue;
    const [source] = state.graph.feeds(root).flat();
    const previous = source === undefined ? null : { previousNode: source.node, previousNodeOutput: source.output };
    state.stack.pushBack({ node: root, inputs: [[{ json: {} }]], sources: [previous] });
  }
}
