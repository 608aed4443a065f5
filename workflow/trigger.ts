import type { NodeDefinition, WorkflowDefinition } from './definition.ts';
import { workflowErrors } from './errors-of-workflow.ts';
import type { FactsOf } from './node-facts.ts';
import { canonicalNodeType } from './node-type-name.ts';
import type { ExecutionMode } from './run-events.ts';

const MANUAL = canonicalNodeType('manualTrigger');
const START = canonicalNodeType('start');

/** Trigger types that a mode looks for before any other. */
const WANTED: Partial<Record<ExecutionMode, string>> = {
  manual: MANUAL,
  cli: MANUAL,
  retry: MANUAL,
  integrated: canonicalNodeType('executeWorkflowTrigger'),
  error: canonicalNodeType('errorTrigger'),
};

/** Topmost first, then leftmost, then the author's order. */
function firstOnCanvas(nodes: readonly NodeDefinition[]): NodeDefinition | undefined {
  return nodes.toSorted((a, b) => a.position[1] - b.position[1] || a.position[0] - b.position[0])[0];
}

function named(definition: WorkflowDefinition, name: string): NodeDefinition {
  const node = definition.node.get(name);
  if (node === undefined) throw workflowErrors.TRIGGER_UNKNOWN({ workflow: definition.name, node: name });
  if (node.disabled) throw workflowErrors.TRIGGER_DISABLED({ node: name });
  return node;
}

/**
 * The node a run begins at: the one named by `preferred` (any enabled node); else the trigger type of the mode (Manual
 * Trigger for manual and CLI runs, Execute Workflow Trigger for `integrated`, Error Trigger for `error`); else the
 * first enabled trigger on the canvas; else a Start node of old workflows.
 *
 * Throws TRIGGER_UNKNOWN, TRIGGER_DISABLED, TRIGGER_MISSING.
 */
export function findTrigger(
  definition: WorkflowDefinition,
  factsOf: FactsOf,
  mode: ExecutionMode,
  preferred?: string,
): NodeDefinition {
  if (preferred !== undefined) return named(definition, preferred);
  const enabled = definition.nodes.filter((node) => !node.disabled);
  const wanted = firstOnCanvas(enabled.filter((node) => node.type === WANTED[mode]));
  const found =
    wanted ??
    firstOnCanvas(enabled.filter((node) => node.type !== START && factsOf(node)?.trigger === true)) ??
    enabled.find((node) => node.type === START);
  if (found === undefined) throw workflowErrors.TRIGGER_MISSING({ workflow: definition.name });
  return found;
}
