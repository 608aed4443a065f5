import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { errors } from '../errors.ts';
import {
  ADOPTED_WATCH_MS,
  EMBEDDED_POLL_MS,
  EMBEDDED_START_MS,
  EMBEDDED_STOP_MS,
  STDERR_TAIL_BYTES,
} from '../limits.ts';
import type { Binaries } from './binaries.ts';
import { mayBePostgres, processAlive, readPostmasterFile, type PostmasterFile } from './postmaster-file.ts';
import { identity } from './server-dir.ts';
import type { SystemUser } from './system-user.ts';

/** One run of the server process, started by us or found running. */
export interface Postmaster {
  readonly pid: number;
  readonly adopted: boolean;
  /** Resolves when the process is gone, with its last words (empty for an adopted one). */
  readonly exited: Promise<string>;
  /** Fast shutdown: open transactions are rolled back, data is synced. Resolves when the pid is gone. */
  stop(): Promise<void>;
}

/**
 * A server that outlived the process which started it. Answers undefined when there is none, after removing a
 * `postmaster.pid` whose number now belongs to something else. One that is just going down is waited for.
 */
export async function findRunning(serverDir: string): Promise<(PostmasterFile & { status: 'ready' }) | undefined> {
  const deadline = performance.now() + EMBEDDED_START_MS;
  while (performance.now() < deadline) {
    const file = readPostmasterFile(serverDir);
    if (!file) return undefined;
    if (!processAlive(file.pid) || !mayBePostgres(file.pid)) {
      rmSync(join(serverDir, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (file.status === 'ready') return { ...file, status: 'ready' };
    await pause(EMBEDDED_POLL_MS);
  }
  return undefined;
}

/** Watches over a server that is not our child. */
export function adopt(pid: number): Postmaster {
  const exited = gone(pid, ADOPTED_WATCH_MS).then(() => '');
  return { pid, adopted: true, exited, stop: () => stopProcess(pid) };
}

/** Starts the server with these arguments and resolves when it takes connections. Rejects with its last words. */
export async function launch(
  binaries: Binaries,
  serverDir: string,
  args: readonly string[],
  user: SystemUser | undefined,
  onLine: (line: string) => void,
): Promise<Postmaster> {
  // Its own process group: Ctrl-C in the terminal must reach us first, the database is stopped last.
  const child = spawn(binaries.postgres, args, {
    ...identity(user),
    cwd: serverDir,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
  });
  const tail = stderrTail(child, onLine);
  const exited = new Promise<string>((done) => {
    child.once('error', (error) => done(`${error.message}\n${tail()}`));
    child.once('close', (code, signal) => done(`exit ${signal ?? code}: ${tail()}`));
  });
  const failure = await Promise.race([exited, ready(serverDir, child)]);
  if (failure !== undefined) {
    child.kill('SIGKILL');
    throw errors.EMBEDDED_START_FAILED({ dir: serverDir, output: failure });
  }
  // The server must not keep a process alive that has nothing else to do.
  child.unref();
  if (child.stderr && 'unref' in child.stderr && typeof child.stderr.unref === 'function') child.stderr.unref();
  const pid = child.pid ?? 0;
  return { pid, adopted: false, exited, stop: () => stopProcess(pid, exited) };
}

/** Resolves to undefined when the server says `ready` in its file, or to a reason after the deadline. */
async function ready(serverDir: string, child: ChildProcess): Promise<string | undefined> {
  const deadline = performance.now() + EMBEDDED_START_MS;
  while (performance.now() < deadline) {
    const file = readPostmasterFile(serverDir);
    if (file && file.pid === child.pid && file.status === 'ready') return undefined;
    if (child.exitCode !== null || child.signalCode !== null) return new Promise(() => undefined);
    await pause(EMBEDDED_POLL_MS);
  }
  return `not ready after ${EMBEDDED_START_MS} ms`;
}

function stderrTail(child: ChildProcess, onLine: (line: string) => void): () => string {
  let tail = '';
  let open = '';
  child.stderr?.on('error', () => undefined);
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    tail = (tail + text).slice(-STDERR_TAIL_BYTES);
    const lines = (open + text).split('\n');
    open = (lines.pop() ?? '').slice(-STDERR_TAIL_BYTES);
    for (const line of lines) onLine(line);
  });
  return () => tail.trim();
}

/** Asks nicely (fast shutdown), then firmly (immediate), then kills; the next start must find the pid gone. */
async function stopProcess(pid: number, exited: Promise<unknown> = gone(pid, EMBEDDED_POLL_MS)): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!processAlive(pid)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await within(EMBEDDED_STOP_MS, exited)) return;
  }
  throw errors.EMBEDDED_STOP_FAILED({ pid, ms: 3 * EMBEDDED_STOP_MS });
}

async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const stop = new AbortController();
  const late = pause(ms, false, { signal: stop.signal }).catch(() => false);
  const done = await Promise.race([promise.then(() => true), late]);
  stop.abort();
  return done;
}

async function gone(pid: number, everyMs: number): Promise<void> {
  while (processAlive(pid)) await pause(everyMs, undefined, { ref: false });
}
