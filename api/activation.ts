import { parseWorkflow, validateWorkflow, workflowErrors, type JsonObject, type WorkflowDefinition } from '#workflow';
import type { NodeCatalog } from '#runtime';
import type { ApiDependencies } from './ports.ts';
import type { WebhookRegistry } from './webhooks/registry.ts';

/** Which workflows listen: webhooks here, schedules behind the trigger switch. */
export interface Activation {
  /** Throws what makes the workflow unfit to be active: no trigger, an address that is taken. Changes nothing. */
  check(workflow: WorkflowDefinition): void;
  /** Begins to listen, or listens to the new version. Throws as `check`. */
  on(workflow: WorkflowDefinition, version: number): Promise<void>;
  off(workflowId: string): Promise<void>;
  /** Listens to everything that is stored as active; one that fails is logged and left out. Returns how many listen. */
  restore(): Promise<number>;
}

/** Reads a workflow's JSON and holds it against the catalogue. Throws WORKFLOW_INVALID with the list of faults. */
export function readWorkflow(source: JsonObject, id: string, catalog: NodeCatalog): WorkflowDefinition {
  const definition = parseWorkflow(source, { id });
  const issues = validateWorkflow(definition, (node) => catalog.facts(node)).filter(({ level }) => level === 'error');
  if (issues.length > 0) throw workflowErrors.WORKFLOW_INVALID({ issues });
  return definition;
}

/** Makes the switch over the webhook table and the schedules. */
export function createActivation(deps: ApiDependencies, registry: WebhookRegistry): Activation {
  const activation: Activation = {
    check(workflow) {
      refuseIdle(workflow, deps.catalog);
      registry.check(workflow);
    },
    async on(workflow, version) {
      refuseIdle(workflow, deps.catalog);
      registry.activate(workflow, version);
      await deps.triggers?.activated(workflow, version);
    },
    async off(workflowId) {
      registry.deactivate(workflowId);
      await deps.triggers?.deactivated(workflowId);
    },
    async restore() {
      let count = 0;
      for (const { id, source, version } of await deps.storage.workflows.active()) {
        try {
          await activation.on(parseWorkflow(source, { id }), version);
          count += 1;
        } catch (error) {
          deps.log.error({ workflowId: id, err: error }, 'an active workflow cannot listen');
        }
      }
      return count;
    },
  };
  return activation;
}

const MANUAL_TYPES: ReadonlySet<string> = new Set(['n8n-nodes-base.manualTrigger', 'n8n-nodes-base.start']);

/** A workflow that nothing can start by itself is not activated, as in n8n; being called by others counts. */
function refuseIdle(workflow: WorkflowDefinition, catalog: NodeCatalog): void {
  const listens = workflow.nodes.some(
    (node) => !node.disabled && !MANUAL_TYPES.has(node.type) && catalog.facts(node)?.trigger === true,
  );
  if (!listens) throw workflowErrors.TRIGGER_MISSING({ workflow: workflow.name });
}
