import { setTimeout as pause } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Random } from '#runtime';
import type { Heard } from './history.ts';
import { WATCHERS_MOST } from './limits.ts';
import { API_KEY, type ClusterSite } from './site.ts';

const AGAIN_MS = 250;
const TERMINAL = /^execution\.(?:finished|failed|canceled)$/;
const CONNECT_MS = 2_000;
/** A member that is frozen closes no socket: one that hears nothing for so long looks elsewhere, as a page would. */
const SILENCE_MS = 4_000;

interface Follower {
  readonly executionId: string;
  readonly seqs: number[];
  ended: boolean;
  done: Promise<void>;
}

/** Follow some runs by sockets, each at any member; when it is lost, at another one from the last seq on. */
export class Watchers {
  readonly #site: ClusterSite;
  readonly #random: Random;
  readonly #followers: Follower[] = [];
  #open = 0;
  #stopped = false;

  constructor(site: ClusterSite, random: Random) {
    this.#site = site;
    this.#random = random;
  }

  /** Follows a run, unless enough are followed already. */
  follow(executionId: string): void {
    if (this.#open >= WATCHERS_MOST || this.#stopped) return;
    this.#open += 1;
    const follower: Follower = { executionId, seqs: [], ended: false, done: Promise.resolve() };
    follower.done = this.#until(follower).finally(() => (this.#open -= 1));
    this.#followers.push(follower);
  }

  /** All that was heard, once every followed run has ended, or after `ms`. */
  async heard(ms: number): Promise<Heard[]> {
    await Promise.race([Promise.all(this.#followers.map(({ done }) => done)), pause(ms, undefined, { ref: false })]);
    this.#stopped = true;
    await Promise.all(this.#followers.map(({ done }) => done));
    return this.#followers.map(({ executionId, seqs }) => ({ executionId, seqs }));
  }

  async #until(follower: Follower): Promise<void> {
    while (!follower.ended && !this.#stopped) {
      const { base } = this.#site.pick(this.#random, this.#site.alive);
      await this.#listen(follower, base);
      if (!follower.ended) await pause(AGAIN_MS);
    }
  }

  /** Resolves when the run has ended or the socket is of no more use. */
  async #listen(follower: Follower, base: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket: Socket = io(base, {
      auth: { apiKey: API_KEY },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_MS,
    });
    let silence = setTimeout(resolve, SILENCE_MS);
    socket.on('connect', () => {
      const topic = { executionId: follower.executionId, afterSeq: follower.seqs.at(-1) ?? 0 };
      socket.emit('subscribe', topic, (ack: { ok?: boolean }) => ack.ok === true || resolve());
    });
    socket.on('event', ({ seq, type }: { seq: number; type: string }) => {
      follower.seqs.push(seq);
      silence = (clearTimeout(silence), setTimeout(resolve, SILENCE_MS));
      if (!TERMINAL.test(type)) return;
      follower.ended = true;
      resolve();
    });
    socket.on('connect_error', () => resolve());
    socket.on('disconnect', () => resolve());
    const stopped = setInterval(() => this.#stopped && resolve(), AGAIN_MS);
    await promise;
    clearTimeout(silence);
    clearInterval(stopped);
    socket.removeAllListeners();
    socket.disconnect();
  }
}
