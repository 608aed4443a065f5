import type { WorkflowDefinition } from '#workflow';
import type { Clock, NodeCatalog, WebhookRoute } from '#runtime';
import type { ApiLimits } from '../limits.ts';
import { WebhookRegistry, type WebhookMatch } from './registry.ts';

/**
 * Addresses under `/webhook-test/`: they listen for one call after they were asked to, and stop by themselves after
 * TEST_WEBHOOK_MS. The run is a manual one of the workflow as it was saved when listening began.
 */
export class TestListeners {
  readonly #registry: WebhookRegistry;
  readonly #clock: Clock;
  readonly #limits: ApiLimits;
  readonly #stop = new Map<string, () => void>();

  constructor(catalog: NodeCatalog, clock: Clock, limits: ApiLimits) {
    this.#registry = new WebhookRegistry(catalog, limits);
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Begins to listen; asked again, listens anew. Throws as {@link WebhookRegistry.activate}. */
  listen(workflow: WorkflowDefinition, version: number): { routes: readonly WebhookRoute[]; expiresAt: number } {
    const routes = this.#registry.activate(workflow, version);
    this.#stop.get(workflow.id)?.();
    const forget = (): void => this.forget(workflow.id);
    this.#stop.set(workflow.id, this.#clock.after(this.#limits.TEST_WEBHOOK_MS, forget));
    return { routes, expiresAt: this.#clock.now() + this.#limits.TEST_WEBHOOK_MS };
  }

  /** Finds the target and stops listening: the next call finds nothing. */
  take(method: string, path: string): WebhookMatch | undefined {
    const match = this.#registry.find(method, path);
    if (match !== undefined) this.forget(match.target.workflow.id);
    return match;
  }

  methodsOf(path: string): readonly string[] {
    return this.#registry.methodsOf(path);
  }

  forget(workflowId: string): void {
    this.#stop.get(workflowId)?.();
    this.#stop.delete(workflowId);
    this.#registry.deactivate(workflowId);
  }

  /** Stops all timers. */
  close(): void {
    for (const id of this.#stop.keys()) this.forget(id);
  }
}
