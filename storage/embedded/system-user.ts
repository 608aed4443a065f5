import { readFileSync } from 'node:fs';

/** A user of the operating system by number. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Kernel numbers of `nobody` on Linux, for images without a passwd file. */
const NOBODY: SystemUser = { name: 'nobody', uid: 65_534, gid: 65_534 };

/**
 * PostgreSQL refuses to run as root, so under root it runs as `postgres` if there is such a user, else as
 * `nobody`. Undefined: we are not root, it runs as ourselves.
 */
export function serverUser(uid = process.getuid?.(), passwd = readPasswd()): SystemUser | undefined {
  if (uid !== 0) return undefined;
  const users = parsePasswd(passwd);
  return users.get('postgres') ?? users.get('nobody') ?? NOBODY;
}

/** Lines of /etc/passwd by name; lines that are not of its form are passed over. */
export function parsePasswd(text: string): Map<string, SystemUser> {
  const users = new Map<string, SystemUser>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (!name || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) continue;
    users.set(name, { name, uid: Number(uid), gid: Number(gid) });
  }
  return users;
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
