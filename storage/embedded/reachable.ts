import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SystemUser } from './system-user.ts';

const SEARCH = 0o1;
const READ = 0o4;

/** True when `user` may walk down to `path` and, for the last part, read it. Undefined user: it is ourselves. */
export function reachable(path: string, user: SystemUser | undefined): boolean {
  if (user === undefined) return true;
  const at = resolve(path);
  if (!allows(at, user, READ | SEARCH)) return false;
  return ancestorsReachable(at, user);
}

/** True when `user` may walk down to the folder that holds `path`. */
export function ancestorsReachable(path: string, user: SystemUser | undefined): boolean {
  if (user === undefined) return true;
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    if (!allows(at, user, SEARCH)) return false;
    if (at === dirname(at)) return true;
  }
}

function allows(path: string, user: SystemUser, wanted: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return false;
  // One class only, as the kernel does it: the owner's bits count even where others would be granted more.
  const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0;
  return ((found.mode >> shift) & wanted) === wanted;
}
