import type { NodeDefinition, WorkflowDefinition } from './definition.ts';
import type { Issue } from './errors-of-workflow.ts';
import { workflowErrors } from './errors-of-workflow.ts';
import { IssueList } from './issues.ts';
import type { FactsOf, NodeFacts } from './node-facts.ts';
import { isStickyNote } from './node-type-name.ts';

/** Versions of a type that exist, ascending; undefined when the type is unknown. */
export type VersionsOf = (type: string) => readonly number[] | undefined;

interface Context {
  readonly definition: WorkflowDefinition;
  readonly issues: IssueList;
  readonly facts: ReadonlyMap<string, NodeFacts>;
}

function fieldOf(definition: WorkflowDefinition, node: NodeDefinition): string {
  return `nodes[${definition.nodes.indexOf(node)}]`;
}

function reportUnknown(context: Context, node: NodeDefinition, versionsOf: VersionsOf | undefined): void {
  const { name, type, typeVersion: version } = node;
  const versions = versionsOf?.(type) ?? [];
  const { message, hint } = workflowErrors.NODE_TYPE_UNKNOWN({ node: name, type, version, versions });
  const key = versions.length === 0 ? 'type' : 'typeVersion';
  const field = `${fieldOf(context.definition, node)}.${key}`;
  // A disabled node hands its input on without its type.
  if (node.disabled) context.issues.warning(field, message, hint ?? '', name);
  else context.issues.error(field, message, hint ?? '', name);
}

/** Outputs a node really has: those of its type, and the error output. */
function outputsOf(node: NodeDefinition, facts: NodeFacts): number {
  return facts.outputs + (node.onError === 'continueErrorOutput' ? 1 : 0);
}

function checkConnections(context: Context, source: NodeDefinition): void {
  const { definition, issues, facts } = context;
  const own = facts.get(source.name);
  const outputs = definition.connections.get(source.name) ?? [];
  outputs.forEach((targets, output) => {
    const field = `connections[${JSON.stringify(source.name)}].main[${output}]`;
    if (own !== undefined && targets.length > 0 && output >= outputsOf(source, own)) {
      const message = `Output ${output} of "${source.name}" is connected, but the node has ${outputsOf(source, own)}`;
      issues.warning(field, message, 'Nothing will ever come out there; remove the connection.', source.name);
    }
    for (const { node, input } of targets) {
      const target = facts.get(node);
      if (target === undefined || input < target.inputs) continue;
      const message = `"${source.name}" is connected to input ${input} of "${node}", which has ${target.inputs}`;
      issues.warning(field, message, 'The node does not read that input; connect another one.', node);
    }
  });
}

/**
 * Checks a definition against the catalogue. Errors: node types or versions that do not exist (naming the versions that
 * do, if `versionsOf` knows). Warnings: no enabled trigger, connections to inputs or outputs that the node does not
 * have, unknown types of disabled nodes. Sticky notes are left out. [] = nothing to say.
 */
export function validateWorkflow(definition: WorkflowDefinition, factsOf: FactsOf, versionsOf?: VersionsOf): Issue[] {
  const issues = new IssueList();
  const facts = new Map<string, NodeFacts>();
  const context: Context = { definition, issues, facts };
  const nodes = definition.nodes.filter((node) => !isStickyNote(node.type));
  for (const node of nodes) {
    const found = factsOf(node);
    if (found === undefined) reportUnknown(context, node, versionsOf);
    else facts.set(node.name, found);
  }
  for (const node of nodes) checkConnections(context, node);
  if (!nodes.some((node) => !node.disabled && facts.get(node.name)?.trigger === true)) {
    const { message, hint } = workflowErrors.TRIGGER_MISSING({ workflow: definition.name });
    issues.warning('nodes', message, hint ?? '');
  }
  return issues.issues;
}
