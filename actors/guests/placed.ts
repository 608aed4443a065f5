import type { NodeDefinition, RunNodeEffect } from '#workflow';
import { actorName } from '../node/task.ts';
import type { Execution } from '../execution/execution.ts';
import { publicUrl } from '../public-url.ts';
import type { PlacedTask } from './proxy.ts';

/** A run of this node on a member with these tags. Its start is the newest event of the journal, and committed. */
export function placedTask(
  execution: Execution,
  node: NodeDefinition,
  effect: RunNodeEffect,
  tags: readonly string[],
): PlacedTask & { abort: AbortController } {
  const { services, args, context, ledger, backstage } = execution;
  const { executionId, epoch } = args;
  const { node: name, run, attempt } = effect;
  const abort = new AbortController();
  const actor = actorName(node, effect);
  const seq = ledger.committedSeq;
  return {
    node,
    tags,
    order: { executionId, node: name, run, attempt, seq, epoch, publicUrl: publicUrl(services) },
    abort,
    signal: abort.signal,
    services,
    places: backstage.places,
    report: (outcome) =>
      void context.system.tell(context.self, { type: 'node.done', actor, node: name, run, attempt, outcome }),
  };
}
