import type { WorkflowDefinition } from '#workflow';
import type { NodeCatalog } from '#runtime';
import { scheduleShard, type ScheduledNode } from './due.ts';

/** The schedule lines of a workflow that is active since `activeSince`, see ScheduledNode. Disabled nodes have none. */
export function scheduledNodes(
  workflow: WorkflowDefinition,
  version: number,
  catalog: NodeCatalog,
  activeSince: number,
): ScheduledNode[] {
  return workflow.nodes
    .filter((node) => !node.disabled)
    .flatMap((node) => {
      const schedule = catalog.find(node.type, node.typeVersion)?.schedule;
      const shard = scheduleShard(workflow.id, node.id);
      const specs = schedule?.specs(node, workflow.settings.timezone) ?? [];
      return specs.map((spec, index) => {
        const id = `${workflow.id}/${node.id}/${index}`;
        return { workflow, version, node: node.name, spec, id, shard, activeSince };
      });
    });
}
