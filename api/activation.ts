import {
  parseWorkflow,
  TroupeError,
  validateWorkflow,
  workflowErrors,
  type JsonObject,
  type WorkflowDefinition,
} from '#workflow';
import type { NodeCatalog } from '#runtime';
import { setImmediate as turn } from 'node:timers/promises';
import { Follower } from './following.ts';
import type { ApiLimits } from './limits.ts';
import type { ActivationChange, ApiDependencies, WebhookAddress } from './ports.ts';
import { addressOfPath, targetsOf, type WebhookRegistry } from './webhooks/registry.ts';

/**
 * Which workflows listen: webhooks here, schedules behind the trigger switch. The database decides; every member
 * follows it.
 */
export interface Activation {
  /**
   * Throws what makes the workflow unfit to be active: no trigger, an address that is taken. Changes nothing. Two
   * members may both be told yes; then the database refuses one of them.
   */
  check(workflow: WorkflowDefinition): Promise<void>;
  /** Begins to listen, or listens to the new version, on this member alone. `activeSince` as in TriggerSwitch. */
  on(workflow: WorkflowDefinition, version: number, activeSince?: number): Promise<void>;
  /** Ends listening on this member alone. */
  off(workflowId: string): Promise<void>;
  /** Listens to everything that is stored as active, then follows; one that fails is logged and left out. Returns how many listen. */
  restore(): Promise<number>;
  /** What was committed before the call is in effect here when it resolves. Rejects when the database does not answer. */
  look(): Promise<void>;
  /** This workflow was changed in the database: puts it into effect here and tells the others. Throws why it cannot listen. */
  changed(workflowId: string): Promise<void>;
  /** Follows no more; what listens goes on listening. */
  stop(): void;
}

/** Workflows that begin to listen at a start before others get their turn. */
const RESTORED_PER_TURN = 100;

/** What members tell each other when a workflow began, changed or ended listening; body `{ workflowId }`. A hint. */
const CHANGED = 'workflow.changed';

/** Reads a workflow's JSON and holds it against the catalogue. Throws WORKFLOW_INVALID with the list of faults. */
export function readWorkflow(source: JsonObject, id: string, catalog: NodeCatalog): WorkflowDefinition {
  const definition = parseWorkflow(source, { id });
  const issues = validateWorkflow(definition, (node) => catalog.facts(node)).filter(({ level }) => level === 'error');
  if (issues.length > 0) throw workflowErrors.WORKFLOW_INVALID({ issues });
  return definition;
}

/** The addresses that a definition listens on while it is active: what the database keeps unique among all members. */
export function webhookAddresses(workflowId: string, source: JsonObject, catalog: NodeCatalog): WebhookAddress[] {
  return addressesOf(parseWorkflow(source, { id: workflowId }), catalog);
}

/** As {@link webhookAddresses}, of a parsed definition. */
export function addressesOf(workflow: WorkflowDefinition, catalog: NodeCatalog): WebhookAddress[] {
  return targetsOf(workflow, 0, catalog).map(({ route: { method, path } }) => {
    return { method, path, address: addressOfPath(path) };
  });
}

/** Makes the switch over the webhook table and the schedules. */
export function createActivation(deps: ApiDependencies, registry: WebhookRegistry, limits: ApiLimits): Activation {
  return new Switch(deps, registry, limits);
}

class Switch implements Activation {
  readonly #deps: ApiDependencies;
  readonly #registry: WebhookRegistry;
  readonly #follower: Follower;
  /** Why a workflow that the database has as active does not listen here. */
  readonly #faults = new Map<string, Error>();
  #deafen: () => void = () => {};

  constructor(deps: ApiDependencies, registry: WebhookRegistry, limits: ApiLimits) {
    this.#deps = deps;
    this.#registry = registry;
    this.#follower = new Follower({
      store: deps.storage.activations,
      clock: deps.clock,
      lookMs: limits.ACTIVATION_LOOK_MS,
      apply: (change) => this.#apply(change),
      failed: (error) => deps.log.warn({ err: error }, 'changes of active workflows could not be read; tried again'),
    });
  }

  async check(workflow: WorkflowDefinition): Promise<void> {
    refuseIdle(workflow, this.#deps.catalog);
    try {
      this.#registry.check(workflow);
    } catch {
      // What another member changed may not have come here yet.
      await this.#follower.look();
      this.#registry.check(workflow);
    }
  }

  on(workflow: WorkflowDefinition, version: number, activeSince = this.#deps.clock.now()): Promise<void> {
    return this.#listen(workflow, version, activeSince, false);
  }

  async off(workflowId: string): Promise<void> {
    this.#registry.deactivate(workflowId);
    await this.#deps.triggers?.deactivated(workflowId);
  }

  async restore(): Promise<number> {
    const { storage, log, peers } = this.#deps;
    // Read first: what changes from here on is read again by the follower.
    const mark = await storage.activations.mark();
    let count = 0;
    for (const { id, source, version, activeSince } of await storage.workflows.active()) {
      try {
        await this.on(parseWorkflow(source, { id }), version, activeSince);
        count += 1;
        // Schedules hear of each by a message, and mailboxes have an end.
        if (count % RESTORED_PER_TURN === 0) await turn();
      } catch (error) {
        log.error({ workflowId: id, err: error }, 'an active workflow cannot listen');
      }
    }
    this.#follower.start(mark);
    this.#deafen = peers?.told(CHANGED, () => void this.look().catch(() => {})) ?? (() => {});
    return count;
  }

  look(): Promise<void> {
    return this.#follower.look();
  }

  async changed(workflowId: string): Promise<void> {
    this.#deps.peers?.link.broadcast({ kind: CHANGED, body: { workflowId } });
    await this.#follower.look();
    const fault = this.#faults.get(workflowId);
    if (fault !== undefined) throw fault;
  }

  stop(): void {
    this.#deafen();
    this.#follower.stop();
  }

  async #listen(workflow: WorkflowDefinition, version: number, since: number, decided: boolean): Promise<void> {
    refuseIdle(workflow, this.#deps.catalog);
    this.#registry.activate(workflow, version, decided);
    await this.#deps.triggers?.activated(workflow, version, since);
  }

  async #apply({ workflowId, version, activeSince }: ActivationChange): Promise<'done' | 'later'> {
    this.#faults.delete(workflowId);
    try {
      if (version === undefined) await this.off(workflowId);
      else {
        const stored = await this.#deps.definitions.load(workflowId, version);
        if (stored) await this.#listen(stored.definition, version, activeSince, true);
      }
      return 'done';
    } catch (error) {
      this.#faults.set(workflowId, error instanceof Error ? error : new TypeError(String(error)));
      this.#deps.log.error({ workflowId, version, err: error }, 'an active workflow cannot listen');
      // What the definition itself is at fault for stays as it is; all else may be otherwise with the next look.
      return error instanceof TroupeError && !error.retryable ? 'done' : 'later';
    }
  }
}

const MANUAL_TYPES: ReadonlySet<string> = new Set(['n8n-nodes-base.manualTrigger', 'n8n-nodes-base.start']);

/** A workflow that nothing can start by itself is not activated, as in n8n; being called by others counts. */
function refuseIdle(workflow: WorkflowDefinition, catalog: NodeCatalog): void {
  const listens = workflow.nodes.some(
    (node) => !node.disabled && !MANUAL_TYPES.has(node.type) && catalog.facts(node)?.trigger === true,
  );
  if (!listens) throw workflowErrors.TRIGGER_MISSING({ workflow: workflow.name });
}
