import { createServer } from 'node:net';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import type { TroupeError } from '#workflow';
import { errors } from '../errors.ts';
import { CONNECT_MS, RESTART_FIRST_MS, RESTART_LAST_MS } from '../limits.ts';
import type { Log } from '../log.ts';
import { findBinaries, type Binaries } from './binaries.ts';
import { keepRunning } from './keep-running.ts';
import { adopt, findRunning, launch, type Postmaster } from './postmaster.ts';
import { processAlive, readPostmasterFile, type PostmasterFile } from './postmaster-file.ts';
import { SHARED_STATE_DIR, DATABASE_USER, passwordIn, prepareServerDir, socketDirectory } from './server-dir.ts';
import { ancestorsReachable } from './reachable.ts';
import { serverArguments, SOCKET_PORT, type Listen } from './settings.ts';
import { serverUser, type SystemUser } from './system-user.ts';

/** What `startEmbedded` and `findEmbedded` take. */
export interface EmbeddedOptions {
  /** `TROUPE_DATA_DIR`; the server's data lies in `postgres` inside. */
  readonly dataDir: string;
  readonly log: Log;
  /** `socket` unless on Windows, where Node cannot use PostgreSQL's Unix sockets: then a loopback port. */
  readonly listen?: 'socket' | 'tcp';
  /** Connections that the server takes; default EMBEDDED_CONNECTIONS, enough for one member. */
  readonly connections?: number;
}

/** A running embedded server. The addresses stay the same over restarts of the server. */
export interface Embedded {
  /** For `pg` and MikroORM. */
  readonly connection: ClientConfig;
  /** The same as a URL, for people and other programs. */
  readonly connectionString: string;
  /** Process id of the server at this moment. */
  pid(): number;
  /** True when the server was found running and taken over. */
  readonly adopted: boolean;
  /** Stops the server cleanly and resolves when its process is gone. Idempotent. */
  stop(): Promise<void>;
  /** Called when the server died by itself; it is being started again. */
  onExit(callback: (reason: string) => void): void;
  /** Called when a server that died takes connections again. */
  onRestart(callback: () => void): void;
}

/** What it takes to reach a server. */
type Address = Pick<Site, 'serverDir' | 'listen' | 'password'>;

interface Site {
  readonly binaries: Binaries;
  readonly serverDir: string;
  readonly user: SystemUser | undefined;
  readonly log: Log;
  listen: Listen;
  temporarySocketDir: boolean;
  readonly password: string | undefined;
  readonly connections: number | undefined;
}

/**
 * Starts PostgreSQL on a data directory, or takes over the one that runs there already (it outlives a killed
 * process), and keeps it running until `stop`. Rejects with EMBEDDED_* rows that carry the server's last words.
 * The caller holds the lock of the data directory (`lockDataDir`).
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const site = await prepareSite(options);
  const first = (await takeOver(site)) ?? (await launchAt(site));
  return supervise(site, first);
}

/**
 * Addresses of the server that another process of this machine runs on a data directory, for commands that only read
 * or write books beside a working member. It is neither watched nor stopped. Undefined: none runs there.
 */
export async function findEmbedded(
  options: EmbeddedOptions,
): Promise<Pick<Embedded, 'connection' | 'connectionString'> | undefined> {
  const dir = resolve(options.dataDir);
  const data = join(dir, 'postgres');
  if (!existsSync(join(data, 'PG_VERSION'))) return undefined;
  const serverDir = realpathSync(data);
  const file = readPostmasterFile(serverDir);
  if (file?.status !== 'ready' || !processAlive(file.pid)) return undefined;
  const password = existsSync(join(dir, 'postgres.password')) ? passwordIn(dir, undefined).password : undefined;
  const site = { serverDir, password, listen: listenOf(file) };
  try {
    await expectOurs(site);
    return { connection: connectionOf(site), connectionString: urlOf(site) };
  } catch (error) {
    options.log.debug({ err: error }, 'the PostgreSQL on this data directory does not answer');
    return undefined;
  }
}

async function prepareSite({ dataDir, log, listen, connections }: EmbeddedOptions): Promise<Site> {
  const dir = resolve(dataDir);
  const user = serverUser();
  const tcp = (listen ?? (process.platform === 'win32' ? 'tcp' : 'socket')) === 'tcp';
  const copies = user && !ancestorsReachable(join(dir, 'bin', 'x'), user) ? SHARED_STATE_DIR : join(dir, 'bin');
  const binaries = findBinaries(user, copies);
  const secret = tcp ? passwordIn(dir, user) : undefined;
  const serverDir = await prepareServerDir(dir, binaries, user, secret?.file);
  const base = { binaries, serverDir, user, log, password: secret?.password, connections };
  if (tcp) return { ...base, listen: { kind: 'tcp', port: 0 }, temporarySocketDir: false };
  return { ...base, listen: { kind: 'socket', dir: '' }, temporarySocketDir: false };
}

/** Adopts a server only after asking it, over its own socket, whose data it serves. */
async function takeOver(site: Site): Promise<Postmaster | undefined> {
  const file = await findRunning(site.serverDir);
  if (!file) return undefined;
  site.listen = listenOf(file);
  site.temporarySocketDir = file.socketDir !== '' && dirname(file.socketDir) !== dirname(site.serverDir);
  try {
    await expectOurs(site);
  } catch (cause) {
    site.log.warn({ pid: file.pid, err: cause }, 'a running PostgreSQL does not answer as ours: stopping it');
    await adopt(file.pid).stop();
    return undefined;
  }
  site.log.info({ pid: file.pid }, 'took over the PostgreSQL that was running on this data directory');
  return adopt(file.pid);
}

async function expectOurs(site: Address): Promise<void> {
  const client = new Client({ ...connectionOf(site), connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const found = rows[0]?.data_directory ?? '';
    if (found !== site.serverDir) throw errors.EMBEDDED_START_FAILED({ dir: site.serverDir, output: `found ${found}` });
  } finally {
    await client.end();
  }
}

/** Listening places are made at the first start and kept over restarts, so that pools find the server again. */
async function launchAt(site: Site): Promise<Postmaster> {
  if (site.listen.kind === 'tcp' && site.listen.port === 0) site.listen = { kind: 'tcp', port: await freePort() };
  if (site.listen.kind === 'socket' && site.listen.dir === '') {
    const { dir, temporary } = socketDirectory(site.serverDir, site.user);
    site.listen = { kind: 'socket', dir };
    site.temporarySocketDir = temporary;
  }
  if (site.listen.kind === 'socket') clearSocket(site.listen.dir);
  const args = serverArguments(site.serverDir, site.listen, site.connections);
  return launch(site.binaries, site.serverDir, args, site.user, (line) => {
    if (line.trim() !== '') site.log.debug({ line }, 'postgres');
  });
}

function supervise(site: Site, first: Postmaster): Embedded {
  const kept = keepRunning(first, (stopped) => restart(site, stopped), site.log);
  const stop = async (): Promise<void> => {
    await kept.stop();
    if (site.temporarySocketDir && site.listen.kind === 'socket') removeTemporary(site.listen.dir);
  };
  const connection = connectionOf(site);
  return {
    connection,
    connectionString: urlOf(site),
    adopted: first.adopted,
    pid: () => kept.current().pid,
    stop,
    onExit: kept.onExit,
    onRestart: kept.onRestart,
  };
}

/** Tries until it works or the member stops; orphaned backends of the dead server may hold it up for a moment. */
async function restart(site: Site, stopped: () => boolean): Promise<Postmaster | undefined> {
  for (let wait = RESTART_FIRST_MS; ; wait = Math.min(wait * 2, RESTART_LAST_MS)) {
    await pause(wait);
    if (stopped()) return undefined;
    try {
      return (await takeOver(site)) ?? (await launchAt(site));
    } catch (error) {
      site.log.error({ err: error as TroupeError, nextTryMs: wait * 2 }, 'PostgreSQL does not start');
    }
  }
}

function listenOf(file: PostmasterFile): Listen {
  return file.socketDir ? { kind: 'socket', dir: file.socketDir } : { kind: 'tcp', port: file.port };
}

function connectionOf(site: Address): ClientConfig {
  const shared = { user: DATABASE_USER, database: 'postgres' };
  if (site.listen.kind === 'socket') return { ...shared, host: site.listen.dir, port: SOCKET_PORT };
  return { ...shared, host: '127.0.0.1', port: site.listen.port, password: site.password };
}

function urlOf(site: Address): string {
  if (site.listen.kind === 'tcp') {
    return `postgresql://${DATABASE_USER}:${site.password}@127.0.0.1:${site.listen.port}/postgres`;
  }
  return `postgresql://${DATABASE_USER}@/postgres?host=${encodeURIComponent(site.listen.dir)}&port=${SOCKET_PORT}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}

/** No server runs here any more, but one whose dead pid is still in the process table would hold the name. */
function clearSocket(dir: string): void {
  for (const end of ['', '.lock']) rmSync(join(dir, `.s.PGSQL.${SOCKET_PORT}${end}`), { force: true });
}

function removeTemporary(dir: string): void {
  if (dir.startsWith(tmpdir()) || dir.startsWith('/tmp/')) rmSync(dir, { recursive: true, force: true });
}
