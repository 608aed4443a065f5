import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

/** Debian keeps servers where the PATH of a plain user does not lead. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** Path of a program on the PATH, or where Debian keeps servers; undefined: it is not installed. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(executable);
}

/**
 * The program behind `rabbitmq-server`. Debian's command is a wrapper that changes user and writes to the machine's own
 * log; the real one lies beside it.
 */
export function behindWrapper(program: string): string {
  const real = realpathSync(program);
  const beside = join(dirname(real), basename(program));
  return basename(real) !== basename(program) && existsSync(beside) ? beside : real;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
