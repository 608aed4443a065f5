import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
} from 'node:fs';
import { realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errors } from '../errors.ts';
import { SOCKET_PATH_BYTES } from '../limits.ts';
import type { Binaries } from './binaries.ts';
import { ancestorsReachable } from './reachable.ts';
import { SOCKET_PORT } from './settings.ts';
import type { SystemUser } from './system-user.ts';

/** Where data and copies go when the server's user may not enter the project's own folder (root's 0700 home). */
export const SHARED_STATE_DIR = '/var/lib/troupe';
/** Name of the database superuser; the socket's folder, not a password, keeps others out. */
export const DATABASE_USER = 'troupe';

/**
 * The data directory of the server, initialised if it is not yet. `dataDir/postgres` is the data itself or, where
 * the server's user cannot get there, a symbolic link to a folder under {@link SHARED_STATE_DIR}.
 */
export async function prepareServerDir(
  dataDir: string,
  binaries: Binaries,
  user: SystemUser | undefined,
  passwordFile?: string,
): Promise<string> {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  // Walking through is not reading: the keys beside the data keep their own 0600.
  if (user && (statSync(dataDir).mode & 0o001) === 0) chmodSync(dataDir, (statSync(dataDir).mode & 0o777) | 0o011);
  const link = join(dataDir, 'postgres');
  if (!existsSync(join(link, 'PG_VERSION'))) await initialise(link, binaries, user, passwordFile);
  const real = realpathSync(link);
  checkVersion(real, binaries);
  giveTo(real, user);
  return real;
}

async function initialise(
  link: string,
  binaries: Binaries,
  user: SystemUser | undefined,
  passwordFile?: string,
): Promise<void> {
  const target = ancestorsReachable(link, user)
    ? link
    : join(SHARED_STATE_DIR, `data-${randomBytes(8).toString('hex')}`);
  const fresh = `${target}.new`;
  // A start that was killed half way left this behind; under its final name data is always whole.
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(target, '..'), { recursive: true, mode: 0o711 });
  mkdirSync(fresh, { mode: 0o700 });
  if (user) chownSync(fresh, user.uid, user.gid);
  await initdb(binaries, fresh, user, passwordFile);
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link, { recursive: true });
  renameSync(fresh, target);
  if (target !== link) symlinkSync(target, link);
}

async function initdb(
  binaries: Binaries,
  dir: string,
  user: SystemUser | undefined,
  passwordFile?: string,
): Promise<void> {
  const auth = passwordFile ? ['-A', 'scram-sha-256', `--pwfile=${passwordFile}`] : ['-A', 'trust'];
  const args = ['-D', dir, '-U', DATABASE_USER, '-E', 'UTF8', '--no-locale', '--no-instructions', ...auth];
  const child = spawn(binaries.initdb, args, { ...identity(user), cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4096)));
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4096)));
  const failure = await new Promise<string | undefined>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code) => done(code === 0 ? undefined : `exit code ${code}\n${output.trim()}`));
  });
  if (failure === undefined) return;
  rmSync(dir, { recursive: true, force: true });
  throw errors.EMBEDDED_INIT_FAILED({ dir, output: failure });
}

/** Spawn options that run a program as `user`, with a bare environment. */
export function identity(user: SystemUser | undefined): { uid?: number; gid?: number; env: NodeJS.ProcessEnv } {
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' };
  // Windows programs do not start without it.
  if (process.env['SystemRoot']) env['SystemRoot'] = process.env['SystemRoot'];
  return user ? { uid: user.uid, gid: user.gid, env } : { env };
}

function checkVersion(dir: string, binaries: Binaries): void {
  const found = readFileSync(join(dir, 'PG_VERSION'), 'utf8').trim();
  if (found !== binaries.major) throw errors.EMBEDDED_VERSION_MISMATCH({ dir, found, wanted: binaries.major });
}

/** Data of an earlier start under another user changes hands; a walk only when its top does not fit. */
function giveTo(dir: string, user: SystemUser | undefined): void {
  if (!user || statSync(dir).uid === user.uid) return;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), user.uid, user.gid);
  }
  chownSync(dir, user.uid, user.gid);
}

/**
 * A folder of mode 0700 for the socket: beside the data, or a short one under the temporary folder when the path
 * would not fit into a socket address. `long` tells which, so that the caller removes what is temporary.
 */
export function socketDirectory(serverDir: string, user: SystemUser | undefined): { dir: string; temporary: boolean } {
  const beside = `${serverDir}.socket`;
  const temporary = Buffer.byteLength(`${beside}/.s.PGSQL.${SOCKET_PORT}.lock`) > SOCKET_PATH_BYTES;
  const dir = temporary ? mkdtempSync(join(tmpdir().length > 60 ? '/tmp' : tmpdir(), 'troupe-')) : beside;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  if (user) chownSync(dir, user.uid, user.gid);
  return { dir, temporary };
}

/** The password of a server that listens on a loopback port, made once, in a file of the owner only. */
export function passwordIn(dataDir: string, user: SystemUser | undefined): { file: string; password: string } {
  const file = join(dataDir, 'postgres.password');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
    // initdb reads it as the server's user.
    if (user) chownSync(file, user.uid, user.gid);
  }
  return { file, password: readFileSync(file, 'utf8').trim() };
}
