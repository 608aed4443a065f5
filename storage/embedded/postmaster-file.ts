import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running server wrote into `postmaster.pid`. */
export interface PostmasterFile {
  readonly pid: number;
  readonly dataDir: string;
  /** Epoch seconds. */
  readonly startedAt: number;
  readonly port: number;
  /** Empty without Unix socket. */
  readonly socketDir: string;
  readonly status: 'starting' | 'ready' | 'standby' | 'stopping' | 'unknown';
}

const STATUSES = ['starting', 'ready', 'standby', 'stopping'] as const;

/**
 * Lines of the file, as PostgreSQL documents them: pid, data directory, start time, port, socket directory,
 * listen address, shared memory key, status. A server that is just starting has written only the first ones.
 */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  return {
    // A negative pid is a single-user backend.
    pid: Math.abs(pid),
    dataDir: lines[1] ?? '',
    startedAt: Number(lines[2] ?? 0),
    port: Number(lines[3] ?? 0),
    socketDir: lines[4] ?? '',
    status: STATUSES.find((status) => status === lines[7]) ?? 'unknown',
  };
}

/** The file in a data directory; undefined when there is none (or half of one). */
export function readPostmasterFile(dataDir: string): PostmasterFile | undefined {
  try {
    return parsePostmasterFile(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * True while a process of that number runs, ours or not. A zombie does not run: where nobody reaps orphans (a
 * container whose first process is Node) a dead server keeps its number for ever.
 */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return process.platform !== 'linux' || processState(pid) !== 'Z';
}

/** One letter, as in /proc/pid/stat after the name in brackets; undefined when the process is gone. */
function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch {
    return undefined;
  }
}

/**
 * False when it is certain that this pid is no PostgreSQL: numbers are used again, most of all in containers.
 * Where the system does not tell (no /proc), it may be one.
 */
export function mayBePostgres(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim().startsWith('postgres');
  } catch {
    return processAlive(pid);
  }
}
