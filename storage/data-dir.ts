import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errors } from './errors.ts';

/** Held for the life of a process: nobody else works on this data directory. */
export interface DataDirLock {
  readonly dir: string;
  /**
   * Stable id of the directory, made once. A member started with it may claim at once what an earlier boot on the
   * same directory held: this lock proves that boot dead.
   */
  readonly dataDirId: string;
  /** Gives the directory back. Idempotent. */
  release(): void;
}

/** Who holds a lock. Pid alone is not enough: numbers are used again. */
interface Holder {
  pid: number;
  /** Start of the process in ticks since the machine's boot, and that boot; empty where the system does not tell. */
  start: string;
  boot: string;
}

const FILE = 'lock';

/**
 * Takes the data directory for this process, creating it if needed. A lock whose process is gone (same pid but
 * another start counts as gone) is taken over. Rejects with DATA_DIR_LOCKED, or DATA_DIR_UNUSABLE.
 * Processes in different containers do not see each other's pids: one volume belongs to one container.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  const dir = resolve(dataDir);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o711 });
    return acquire(dir);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'DATA_DIR_LOCKED') throw cause;
    throw errors.DATA_DIR_UNUSABLE({ dir, reason: cause instanceof Error ? cause.message : String(cause) }, cause);
  }
}

function acquire(dir: string): DataDirLock {
  const file = join(dir, FILE);
  const mine = JSON.stringify(holder(process.pid));
  // A link appears with its content in one step: nobody can read half a lock.
  const draft = `${file}.${process.pid}.${randomUUID().slice(0, 8)}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    while (!tryLink(draft, file)) clearStale(dir, file);
  } finally {
    rmSync(draft, { force: true });
  }
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    process.off('exit', release);
    if (read(file) === mine) rmSync(file, { force: true });
  };
  process.once('exit', release);
  return { dir, dataDirId: idOf(dir), release };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function clearStale(dir: string, file: string): void {
  const inode = statSync(file, { throwIfNoEntry: false })?.ino;
  const text = read(file);
  if (text === undefined) return;
  const found = parseHolder(text);
  if (found && holds(found)) throw errors.DATA_DIR_LOCKED({ dir, pid: found.pid });
  // Two starters may both see the stale file; only the file that was judged may go.
  if (statSync(file, { throwIfNoEntry: false })?.ino === inode) rmSync(file, { force: true });
}

function holds(found: Holder): boolean {
  const now = holder(found.pid);
  if (now.boot !== found.boot) return false;
  if (now.start !== '' || found.start !== '') return now.start === found.start;
  return signalable(found.pid);
}

function holder(pid: number): Holder {
  return { pid, start: startOf(pid), boot: read('/proc/sys/kernel/random/boot_id')?.trim() ?? '' };
}

/** Field 22 of /proc/pid/stat; the name in brackets before may hold blanks. */
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

function signalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, start, boot } = JSON.parse(text) as Record<string, unknown>; // checked field by field below
    if (typeof pid !== 'number' || typeof start !== 'string' || typeof boot !== 'string') return undefined;
    return { pid, start, boot };
  } catch {
    return undefined;
  }
}

function idOf(dir: string): string {
  const file = join(dir, 'id');
  const known = read(file)?.trim();
  if (known) return known;
  const fresh = randomUUID();
  writeFileSync(file, `${fresh}\n`, { mode: 0o644 });
  return fresh;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
