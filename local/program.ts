import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { LAST_WORDS_CHARACTERS, PROGRAM_STOP_MS, READY_POLL_MS } from './limits.ts';

/** A program of this machine did not do what it should; the message ends with its last words. */
export class ProgramFailure extends Error {}

/** Ends what is still there when this process ends, however it does; SIGKILL alone leaves them. */
const lastActs = new Set<() => void>();
let watchingExit = false;

/** Calls back, synchronously, when this process ends. Returns unsubscribe. */
export function atExit(callback: () => void): () => void {
  lastActs.add(callback);
  if (!watchingExit) process.on('exit', actLast);
  watchingExit = true;
  return () => void lastActs.delete(callback);
}

function actLast(): void {
  for (const act of lastActs) {
    try {
      act();
    } catch {
      // It has ended by itself.
    }
  }
}

/** How a program is started, every time in the same way. */
export interface ProgramSpec {
  /** For people. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Where it writes; every start goes on at the end. */
  readonly logFile: string;
  /** True once it takes work. */
  ready(): Promise<boolean>;
  readonly startMs: number;
  readonly stopMs?: number;
}

/**
 * A process that can be ended, stopped and started again at any time. It leads a process group of its own, and every
 * signal goes to the whole group: a launcher in front of it is no hiding place.
 */
export class Program {
  readonly #spec: ProgramSpec;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(spec: ProgramSpec) {
    this.#spec = spec;
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Process id of the leader; 0 = it was never started. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Exit code or signal of the last end; undefined while it runs. */
  get end(): number | string | undefined {
    return this.#child?.exitCode ?? this.#child?.signalCode ?? undefined;
  }

  /** Starts it, and resolves when it is ready. Rejects with ProgramFailure when it ends before, or takes too long. */
  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Starts it and does not wait; `more` is added to its environment, this once. */
  launch(more: Record<string, string> = {}): void {
    const { command, args, env, cwd, logFile } = this.#spec;
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {
      cwd,
      env: { ...env, ...more },
      detached: process.platform !== 'win32',
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    const forget = atExit(() => this.signal('SIGKILL'));
    this.#ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    }).then(forget);
  }

  async ready(): Promise<void> {
    const { name, startMs, ready } = this.#spec;
    const until = performance.now() + startMs;
    while (!(await ready())) {
      if (!this.alive) throw new ProgramFailure(`${name} ended with ${this.end}: ${this.lastWords()}`);
      if (performance.now() > until) {
        await this.kill('SIGKILL');
        throw new ProgramFailure(`${name} was not ready within ${startMs} ms: ${this.lastWords()}`);
      }
      await pause(READY_POLL_MS);
    }
  }

  /** Sends a signal and does not wait; false when there is nothing to send it to. */
  signal(signal: NodeJS.Signals): boolean {
    if (!this.alive || this.pid === 0) return false;
    try {
      return process.kill(process.platform === 'win32' ? this.pid : -this.pid, signal);
    } catch {
      return false;
    }
  }

  /**
   * Sends a signal; resolves when the program is gone, or at once for SIGSTOP and SIGCONT. One that survives its stop
   * deadline is killed; then the answer is false.
   */
  async kill(signal: NodeJS.Signals): Promise<boolean> {
    this.signal(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return true;
    const stopMs = this.#spec.stopMs ?? PROGRAM_STOP_MS;
    if (await this.gone(stopMs)) return true;
    this.signal('SIGKILL');
    await this.gone(stopMs);
    return false;
  }

  /** Waits until it has ended by itself; false when it has not after `ms`. */
  gone(ms: number): Promise<boolean> {
    return within(
      this.#ended.then(() => true),
      ms,
      false,
    );
  }

  /** The end of what it wrote. */
  lastWords(): string {
    const { logFile } = this.#spec;
    return existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-LAST_WORDS_CHARACTERS) : '';
  }
}

/** The value, or `late` when it takes longer than `ms`. Leaves no timer behind. */
export async function within<T, L>(value: Promise<T>, ms: number, late: L): Promise<T | L> {
  const stop = new AbortController();
  const timer = pause(ms, late, { signal: stop.signal }).catch(() => late);
  try {
    return await Promise.race([value, timer]);
  } finally {
    stop.abort();
  }
}

/** Ports of this machine that nobody listens on at this moment; all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<ReturnType<typeof createServer>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof createServer>>();
  const server = createServer().once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve(server));
  return promise;
}

/** Environment of a program that is not ours: where programs lie and nothing that could lead it astray. */
export function bareEnvironment(more: Record<string, string>): NodeJS.ProcessEnv {
  const kept = ['PATH', 'TMPDIR', 'LANG', 'SystemRoot'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...more };
}
