import type { Activation } from '../activation.ts';
import type { ApiLimits } from '../limits.ts';
import type { ApiDependencies } from '../ports.ts';
import type { WebhookRegistry } from './registry.ts';
import type { TestListeners } from './test-listeners.ts';

/** What answering calls needs; one per gateway. */
export interface WebhookServing {
  readonly deps: ApiDependencies;
  readonly limits: ApiLimits;
  readonly registry: WebhookRegistry;
  readonly tests: TestListeners;
  readonly activation: Pick<Activation, 'look'>;
  /** True from the moment close was asked for. */
  readonly closing: () => boolean;
}
