import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

/** A process that belongs to a test run. */
export interface Belonging {
  readonly pid: number;
  readonly command: string;
}

/**
 * Processes that have the run's own temporary folder in their environment or command line: the files' processes and
 * all that they started, however far down, also what has lost its parent. Only Linux can tell; elsewhere none.
 */
export function processesOf(folder: string): Belonging[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const [environment, command] = [read(name, 'environ'), read(name, 'cmdline')];
      if (!environment.includes(folder) && !command.includes(folder)) return [];
      return [{ pid: Number(name), command: command.replaceAll('\0', ' ').trim() }];
    })
    .filter(({ command }) => command !== '');
}

/** Ends them at once, by their ids. */
export function end(processes: readonly Belonging[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

function read(pid: string, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, or of another user.
    return '';
  }
}
