import nact from 'nact';
import type { NactRef } from 'nact';
import { IDLE_SEATS } from '../limits.ts';

/**
 * The one file that knows nact. An actor of ours sits on an actor of nact's, its seat, which gives it its turns:
 * `wake` dispatches a tick, the tick runs one turn; never two turns of one actor at a time, each in a pass of the event
 * loop of its own.
 *
 * All seats hang flat on nact's system although our actors form a tree: nact copies the map of an actor's children for
 * every message it handles, and a flat actor has none. The tree, its order of stopping and its failures are ours.
 * A seat that gets free is given to the next actor, for spawning and stopping one costs more than most actors live.
 *
 * Used: start, spawn with initialState, dispatch, stop, async onCrash that answers stop. Nothing else.
 */
export interface Host {
  admit(actor: Seated): Seat;
  /** Seats made and not given back to nact. */
  readonly seats: number;
  close(): void;
}

/** Who sits on a seat. */
export interface Seated {
  /**
   * Handles what there is to handle. May be called when there is nothing. A promise holds up the next turn. Must not
   * throw; if it does, `onBug` hears of it and the seat is lost.
   */
  turn(): Promise<void> | undefined;
}

export interface Seat {
  /** Asks for one turn. Asking during a turn gives another one after it. */
  wake(): void;
  /** No more turns. May be called from inside a turn; the second time it does nothing. */
  leave(): void;
}

type OnBug = (error: unknown, where: string) => void;

// nact keeps a process-wide map of systems by name, so two systems must never share one.
let systems = 0;

const TICK = { type: 'tick' } as const;

export function createHost(name: string, onBug: OnBug): Host {
  systems += 1;
  return new NactHost(nact.start({ name: `${name}-${systems}` }), onBug);
}

class NactHost implements Host {
  readonly #system: NactRef;
  readonly #onBug: OnBug;
  readonly #free: Bench[] = [];
  #made = 0;
  #closed = false;
  seats = 0;

  constructor(system: NactRef, onBug: OnBug) {
    this.#system = system;
    this.#onBug = onBug;
  }

  admit(actor: Seated): Seat {
    const bench = this.#free.pop() ?? this.#make();
    bench.actor = actor;
    return new Ticket(bench, actor, this);
  }

  /** A seat whose last turn hangs in a promise is of no use to another actor. */
  takeBack(bench: Bench): void {
    bench.actor = undefined;
    if (!bench.held && !this.#closed && this.#free.length < IDLE_SEATS) {
      this.#free.push(bench);
      return;
    }
    this.seats -= 1;
    nact.stop(bench.ref);
  }

  close(): void {
    this.#closed = true;
    this.seats -= this.#free.length;
    this.#free.length = 0;
    nact.stop(this.#system);
  }

  #make(): Bench {
    this.#made += 1;
    this.seats += 1;
    const bench: Bench = { actor: undefined, held: false, ref: this.#system };
    const onCrash = (_message: unknown, error: unknown, context: { stop: symbol }): Promise<symbol> => {
      this.#onBug(error, 'turn');
      bench.held = true;
      return Promise.resolve(context.stop);
    };
    bench.ref = nact.spawn(this.#system, tick, `seat-${this.#made}`, { initialState: bench, onCrash });
    return bench;
  }
}

/** A nact actor with who sits on it. */
interface Bench {
  actor: Seated | undefined;
  /** A turn is open as a promise. */
  held: boolean;
  ref: NactRef;
}

function tick(bench: Bench): Bench | Promise<Bench> {
  const pending = bench.actor?.turn();
  if (pending === undefined) return bench;
  bench.held = true;
  return pending.then(() => {
    bench.held = false;
    return bench;
  });
}

/** One actor's right to its seat; void once it has left, whoever sits there then. */
class Ticket implements Seat {
  readonly #bench: Bench;
  readonly #actor: Seated;
  readonly #host: NactHost;

  constructor(bench: Bench, actor: Seated, host: NactHost) {
    this.#bench = bench;
    this.#actor = actor;
    this.#host = host;
  }

  wake(): void {
    if (this.#bench.actor === this.#actor) nact.dispatch(this.#bench.ref, TICK);
  }

  leave(): void {
    if (this.#bench.actor === this.#actor) this.#host.takeBack(this.#bench);
  }
}
