import type { NodeDefinition, WorkflowDefinition } from './definition.ts';
import type { TroupeError } from './errors.ts';
import { workflowErrors } from './errors-of-workflow.ts';
import { graphOf } from './graph.ts';
import { missingParameters } from './parameters/missing.ts';
import type { ParameterSchema } from './parameters/schema.ts';
import type { ExecutionStarted } from './run-events.ts';

/**
 * What keeps this run from beginning: NODE_HAS_ISSUES for the first node it can reach that lacks a required parameter;
 * undefined = nothing. Disabled nodes, and pinned ones in manual runs, are not executed and so not looked at.
 */
export function issueOfRun(
  workflow: WorkflowDefinition,
  started: ExecutionStarted,
  schemasOf: (node: NodeDefinition) => readonly ParameterSchema[] | undefined,
): { error: TroupeError; node: string } | undefined {
  const { trigger, destination, mode } = started;
  const graph = graphOf(workflow);
  const onTheWay = destination === undefined ? undefined : graph.ancestors(destination);
  for (const node of workflow.nodes) {
    const { name, disabled } = node;
    if (disabled || (mode === 'manual' && workflow.pinData.has(name))) continue;
    if (name !== trigger && !graph.ancestors(name).has(trigger)) continue;
    if (onTheWay !== undefined && name !== destination && !onTheWay.has(name)) continue;
    const missing = missingParameters(node, schemasOf(node) ?? []);
    if (missing.length > 0) return { error: workflowErrors.NODE_HAS_ISSUES({ node: name, missing }), node: name };
  }
  return undefined;
}
