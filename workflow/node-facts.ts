import type { NodeDefinition } from './definition.ts';

/**
 * What the language must know of a node type to validate and to order a run. The catalogue of `nodes/`
 * answers it; the language never sees the type's code.
 */
export interface NodeFacts {
  /** Canonical long name, such as `n8n-nodes-base.set`. */
  readonly type: string;
  /** Starts workflows and has no input. */
  readonly trigger: boolean;
  /** Number of main inputs and outputs of this very node (they may depend on its parameters), without the error output. */
  readonly inputs: number;
  readonly outputs: number;
  /**
   * Which inputs need data before the node may run when the stack is empty (order v1):
   * `any` = one of them, `all` = each, a list = just these.
   */
  readonly requiredInputs: 'any' | 'all' | readonly number[];
  /**
   * `none`: a pure function of its input, may run ahead of the commit and be recomputed after a crash.
   * `external`: acts on the world; its intent is committed first and it runs under a stable idempotency key.
   */
  readonly effect: 'none' | 'external';
}

/** Facts of a node, or undefined when its type or version is not in the catalogue. */
export type FactsOf = (node: NodeDefinition) => NodeFacts | undefined;
