import type { Next } from './actor.ts';

/** Carry on, state unchanged. */
export const same = { kind: 'same' } as const satisfies Next<never>;
/** Keep the message for later. */
export const stash = { kind: 'stash' } as const satisfies Next<never>;
/** End normally, children first. */
export const stop = { kind: 'stop' } as const satisfies Next<never>;
/** Not for this actor in this state. */
export const unhandled = { kind: 'unhandled' } as const satisfies Next<never>;
/** Carry on, with this state. */
export const become = <S>(state: S): Next<S> => ({ kind: 'become', state });
