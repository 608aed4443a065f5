import type { Ref } from '#runtime';
import type { AnyChild } from './child-spec.ts';

/** What a supervisor may be told. */
export type SupervisorMessage =
  /** Starts one more child, after all others in order. Make it with `child`. */
  | { type: 'supervisor.start'; child: AnyChild; reply?: (started: Started) => void }
  /** Stops a child for good, whatever it is doing; answers when it is gone, or at once when there is none. */
  | { type: 'supervisor.stop'; name: string; reply?: () => void }
  /** Own: the pause before a restart is over. */
  | { type: 'supervisor.resume'; round: number }
  /** Own: a restart has left the window, so what the live tree shows has changed. */
  | { type: 'supervisor.annotate' };

/**
 * The answer to `supervisor.start`. `ref` is the first incarnation; `error` is what its `init` or the spec's check
 * threw, and then no child was added.
 */
export type Started = { ok: true; ref: Ref<never> } | { ok: false; error: unknown };
