import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Client, type ClientConfig } from 'pg';
import { SILENT } from '../log.ts';
import { findEmbedded, startEmbedded, type Embedded } from './index.ts';
import { processAlive } from './postmaster-file.ts';

const root = mkdtempSync(join(tmpdir(), 'troupe-embedded-'));
// As root the server runs as another user, who must be able to get here.
chmodSync(root, 0o755);
const running: Embedded[] = [];
after(async () => {
  for (const server of running) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

async function start(dataDir: string, listen: 'socket' | 'tcp' = 'socket'): Promise<Embedded> {
  const server = await startEmbedded({ dataDir, log: SILENT, listen });
  running.push(server);
  return server;
}

async function ask(connection: ClientConfig | string, sql: string): Promise<Record<string, unknown> | undefined> {
  const client = new Client(typeof connection === 'string' ? { connectionString: connection } : connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } finally {
    await client.end();
  }
}

describe('the embedded server', () => {
  const dataDir = join(root, 'data');

  test('starts on an empty folder, behind a socket only its user can reach, with durability on', async () => {
    const server = await start(dataDir);
    equal(server.adopted, false);
    deepEqual(await ask(server.connectionString, 'SHOW fsync'), { fsync: 'on' });
    deepEqual(await ask(server.connection, 'SHOW listen_addresses'), { listen_addresses: '' });
    equal(statSync(String(server.connection.host)).mode & 0o777, 0o700);
    equal(statSync(join(dataDir, 'postgres')).mode & 0o777, 0o700);
    await ask(server.connection, 'CREATE TABLE kept (x int)');
  });

  test('others find it without watching or stopping it; where none runs they find none', async () => {
    const [server] = running;
    const found = await findEmbedded({ dataDir, log: SILENT });
    equal(found?.connectionString, server?.connectionString);
    deepEqual(await ask(found?.connection ?? {}, 'SELECT 1 AS one'), { one: 1 });
    equal(await findEmbedded({ dataDir: join(root, 'nothing'), log: SILENT }), undefined);
  });

  test('a server that dies is started again on the same address, and says so', async () => {
    const [server] = running as [Embedded];
    const before = server.pid();
    const reasons: string[] = [];
    server.onExit((reason) => reasons.push(reason));
    const back = new Promise<void>((done) => server.onRestart(done));
    process.kill(before, 'SIGKILL');
    await back;
    notEqual(server.pid(), before);
    equal(reasons.length, 1);
    ok((await ask(server.connection, 'SELECT count(*) FROM kept')) !== undefined);
  });

  test('a stop waits until the process is gone, and may be repeated', async () => {
    const [server] = running.splice(0) as [Embedded];
    const pid = server.pid();
    await Promise.all([server.stop(), server.stop()]);
    equal(processAlive(pid), false);
    await rejects(ask(server.connection, 'SELECT 1'));
    equal(await findEmbedded({ dataDir, log: SILENT }), undefined);
  });

  test('it outlives a killed process, the next one takes it over with all that was committed', async () => {
    const script = `
      const { startEmbedded } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      const nothing = () => {};
      const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
      const server = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log });
      process.stdout.write(String(server.pid()));
      setInterval(nothing, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(await new Promise<Buffer>((done) => child.stdout.once('data', done)));
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
    equal(processAlive(pid), true);
    const server = await start(dataDir);
    deepEqual([server.adopted, server.pid()], [true, pid]);
    ok((await ask(server.connection, 'SELECT count(*) FROM kept')) !== undefined);
    await running.pop()?.stop();
    equal(processAlive(pid), false);
  });

  test('a pid file of a process that is something else now does not stop the start', async () => {
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    writeFileSync(file, `${process.pid}\n${join(dataDir, 'postgres')}\n1\n5432\n/nowhere\n\n\nready\n`);
    const server = await start(dataDir);
    equal(server.adopted, false);
    await running.pop()?.stop();
  });

  test('data of another major version is refused by name, untouched', async () => {
    const version = join(dataDir, 'postgres', 'PG_VERSION');
    const now = readFileSync(version, 'utf8');
    writeFileSync(version, '12\n');
    await rejects(start(dataDir), { code: 'EMBEDDED_VERSION_MISMATCH' });
    writeFileSync(version, now);
  });

  test('a server that cannot start says why in its own words', async () => {
    const file = join(dataDir, 'postgres', 'postgresql.auto.conf');
    const now = readFileSync(file, 'utf8');
    writeFileSync(file, `${now}\nno_such_setting = 1\n`);
    await rejects(start(dataDir), { code: 'EMBEDDED_START_FAILED', message: /no_such_setting/ });
    writeFileSync(file, now);
  });

  test('the rest of a start that was killed half way is cleared away', async () => {
    const half = join(root, 'half');
    mkdirSync(join(half, 'postgres.new', 'base'), { recursive: true });
    await start(half);
    await running.pop()?.stop();
  });

  test('a path that is too long for a socket gets a short one, removed afterwards', async () => {
    const server = await start(join(root, 'x'.repeat(90)));
    const socketDir = String(server.connection.host);
    ok(socketDir.length < 80);
    await running.pop()?.stop();
    equal(statSync(socketDir, { throwIfNoEntry: false }), undefined);
  });

  test(
    'a folder that the server may not enter keeps a link; the data lies where it may',
    { skip: process.getuid?.() !== 0 },
    async () => {
      const home = join(root, 'home');
      mkdirSync(home, { mode: 0o700 });
      await start(join(home, 'data'));
      const real = realpathSync(join(home, 'data', 'postgres'));
      ok(!real.startsWith(root));
      await running.pop()?.stop();
      const again = await start(join(home, 'data'));
      equal(realpathSync(join(home, 'data', 'postgres')), real);
      await running.pop()?.stop();
      for (const left of [real, String(again.connection.host)]) rmSync(left, { recursive: true });
    },
  );

  test('without sockets it listens on loopback and asks for its password', async () => {
    const server = await start(join(root, 'tcp'), 'tcp');
    deepEqual(await ask(server.connectionString, 'SHOW listen_addresses'), { listen_addresses: '127.0.0.1' });
    await rejects(ask({ ...server.connection, password: 'guess' }, 'SELECT 1'), /password/);
    await running.pop()?.stop();
  });
});
