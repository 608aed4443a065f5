import type { WebhookRoute } from '#runtime';
import type { WorkflowDefinition } from '#workflow';
import { addressesOf } from '../activation.ts';
import type { ApiLimits } from '../limits.ts';
import type { ApiDependencies } from '../ports.ts';
import { WebhookRegistry, type WebhookMatch } from './registry.ts';

type Needs = Pick<ApiDependencies, 'storage' | 'definitions' | 'catalog' | 'clock'>;

/** Workflows that may wait for a test call at the same time; people wait for these, so there are few. */
const TEST_LISTENERS = 1_000;

/**
 * Addresses under `/webhook-test/`: they listen for one call after they were asked to, and stop by themselves after
 * TEST_WEBHOOK_MS. The run is a manual one of the workflow as it was saved when listening began. Who listens is kept
 * in the database and not here, since the call may arrive at another member than the wish to listen.
 */
export class TestListeners {
  readonly #deps: Needs;
  readonly #limits: ApiLimits;

  constructor(deps: Needs, limits: ApiLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** Begins to listen; asked again, listens anew. Throws as {@link WebhookRegistry.activate}. */
  async listen(
    workflow: WorkflowDefinition,
    version: number,
  ): Promise<{ routes: readonly WebhookRoute[]; expiresAt: number }> {
    const { storage, catalog, clock } = this.#deps;
    const routes = new WebhookRegistry(catalog, this.#limits).activate(workflow, version);
    const ms = this.#limits.TEST_WEBHOOK_MS;
    await storage.testWebhooks.listen(workflow.id, version, addressesOf(workflow, catalog), ms);
    return { routes, expiresAt: clock.now() + ms };
  }

  /** Finds the target and stops listening: the next call finds nothing. */
  async take(method: string, path: string): Promise<WebhookMatch | undefined> {
    const match = (await this.#registry()).find(method, path);
    if (match === undefined) return undefined;
    const { workflow, version } = match.target;
    return (await this.#deps.storage.testWebhooks.take(workflow.id, version)) ? match : undefined;
  }

  async methodsOf(path: string): Promise<readonly string[]> {
    return (await this.#registry()).methodsOf(path);
  }

  async #registry(): Promise<WebhookRegistry> {
    const { storage, definitions, catalog } = this.#deps;
    const registry = new WebhookRegistry(catalog, this.#limits);
    for (const { workflowId, version } of await storage.testWebhooks.listening(TEST_LISTENERS)) {
      const stored = await definitions.load(workflowId, version);
      if (stored) registry.activate(stored.definition, version, true);
    }
    return registry;
  }
}
