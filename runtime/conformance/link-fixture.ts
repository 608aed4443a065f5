import { fail } from 'node:assert/strict';
import type { JsonValue } from '#workflow';
import type { Link, LinkHandlers, LinkMessage } from '../ports/index.ts';
import { unique } from './journal-fixture.ts';

/**
 * What a kind of link gives to be held to its contract: made afresh for each case, with nobody on it. `dispose` stops
 * what the case left, also after a failed one.
 */
export interface LinkFixture {
  /** The link of one more member, not started. */
  open(bootId: string): Promise<Link>;
  /** Lets time pass for the links; a real one really waits. */
  elapse(ms: number): Promise<void>;
  /** Cuts a member off from the others. */
  cut(bootId: string): Promise<void>;
  /** Ends `cut`. */
  join(bootId: string): Promise<void>;
  /** Ends a member without goodbye. */
  kill(bootId: string): Promise<void>;
  /** LINK_MESSAGE_BYTES of these links. */
  readonly messageBytes: number;
  /** STOP_DEADLINE_MS of these links. */
  readonly stopMs: number;
  dispose?: () => Promise<void>;
}

/** One message as a member heard it. */
export interface Heard {
  readonly from: string;
  readonly message: LinkMessage;
}

/** A member of a case: its link, and what it hears. */
export class Listener {
  readonly bootId: string;
  readonly link: Link;
  readonly told: Heard[] = [];
  readonly states: string[] = [];
  onTold: (heard: Heard) => void = () => {};
  onAsked: (heard: Heard) => Promise<JsonValue> = async ({ message }) => message.body;

  private constructor(bootId: string, link: Link) {
    this.bootId = bootId;
    this.link = link;
  }

  /** A member whose link is up. */
  static async on(fixture: LinkFixture): Promise<Listener> {
    const bootId = unique('boot');
    const listener = new Listener(bootId, await fixture.open(bootId));
    listener.link.watch((state) => void listener.states.push(state));
    await listener.link.start(listener.handlers);
    return listener;
  }

  /** Several of them. */
  static async two(fixture: LinkFixture): Promise<[Listener, Listener]> {
    return Promise.all([Listener.on(fixture), Listener.on(fixture)]);
  }

  get handlers(): LinkHandlers {
    return {
      told: (from, message) => {
        this.told.push({ from, message });
        this.onTold({ from, message });
      },
      asked: (from, message) => this.onAsked({ from, message }),
    };
  }

  /** Names of the kinds it was told, in order. */
  get kinds(): string[] {
    return this.told.map(({ message }) => message.kind);
  }
}

/** Longest real time that a case waits for something to happen. */
const PATIENCE_MS = 20_000;

/** Resolves when `condition` holds; nothing here takes long, so first it only lets others have their turn. */
export async function happens(what: string, condition: () => boolean): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (let turn = 0; !condition(); turn += 1) {
    if (performance.now() > until) fail(`${what} did not happen`);
    if (turn < 50) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
