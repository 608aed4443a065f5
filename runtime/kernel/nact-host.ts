import nact from 'nact';
import type { NactRef } from 'nact';

/**
 * The one file that knows nact. Each actor of ours is one actor of nact's, which gives it its turn: `wake` dispatches
 * a tick, the tick runs `turn` once, never two turns of one actor at a time, each in its own pass of the event loop.
 *
 * All nact actors hang flat on nact's system although ours form a tree: nact copies the map of an actor's children for
 * every message it handles, and a flat actor has none. The tree, its order of stopping and its failures are ours.
 *
 * Used: start, spawn with initialState, dispatch, stop, async onCrash that answers stop. Nothing else.
 */
export interface Host {
  /** A turn may return a promise; the next one waits for it. It must not throw; if it does, `onBug` hears of it. */
  admit(uid: number, turn: () => Promise<void> | undefined): Hosted;
  close(): void;
}

export interface Hosted {
  /** Asks for one turn. Asking during a turn gives another one after it. */
  wake(): void;
  /** No more turns. May be called from inside a turn. */
  dismiss(): void;
}

// nact keeps a process-wide map of systems by name, so two systems must never share one.
let systems = 0;

const TICK = { type: 'tick' } as const;

type Turn = () => Promise<void> | undefined;

function handle(turn: Turn): Turn | Promise<Turn> {
  const pending = turn();
  return pending === undefined ? turn : pending.then(() => turn);
}

export function createHost(name: string, onBug: (error: unknown, where: string) => void): Host {
  systems += 1;
  const system = nact.start({ name: `${name}-${systems}` });
  const onCrash = (_message: unknown, error: unknown, context: { stop: symbol }): Promise<symbol> => {
    onBug(error, 'turn');
    return Promise.resolve(context.stop);
  };
  return {
    admit: (uid, turn) => hosted(nact.spawn(system, handle, `a${uid}`, { initialState: turn, onCrash })),
    close: () => nact.stop(system),
  };
}

function hosted(ref: NactRef): Hosted {
  return { wake: () => nact.dispatch(ref, TICK), dismiss: () => nact.stop(ref) };
}
