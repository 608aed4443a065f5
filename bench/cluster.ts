/**
 * `npm run bench -- cluster [--rounds 3] [--seconds 5]`: executions per second on one, two and three members over one
 * PostgreSQL, RabbitMQ and Consul, what a question to another member costs, and how long a takeover takes. Everything
 * runs on this machine, so members share its cores with all the rest: the figures say what sharing costs, not how far
 * more machines would go.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { realClock as clock, realRandom as random } from '#runtime';
import { createRabbitLink, openBroker } from '#transport';
import { launchConsul } from '../local/consul.ts';
import { findProgram } from '../local/find-program.ts';
import { type LocalMember, localMember } from '../local/member.ts';
import { launchPostgres } from '../local/postgres.ts';
import { freePorts } from '../local/program.ts';
import { launchRabbit } from '../local/rabbit.ts';
import { BenchFailure, generateLoad, startServer } from './processes.ts';
import { type Figure, figure, percentile } from './statistics.ts';
import { oneSet, waiting } from './workflows.ts';

const API_KEY = 'bench-0123456789abcdef';
const MEMBERS = 3;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 2;
const QUESTIONS = 3_000;
const QUESTION_MS = 5_000;
/** Executions under way when a member is killed, and how often that is done. */
const TAKEN_OVER = 300;
const TAKEOVERS = 3;
const TAKEOVER_MS_MOST = 60_000;
const BODY = JSON.stringify({ name: 'Ada' });
const PATH = 'bench-cluster';

interface Services {
  readonly database: string;
  readonly broker: string;
  readonly consul: string;
}

/** Measures and prints a Markdown table. */
export async function cluster(rounds: number, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-cluster-'));
  chmodSync(folder, 0o755);
  const ended: (() => Promise<unknown>)[] = [];
  try {
    const services = await launch(folder, ended);
    const ports = await freePorts(MEMBERS);
    const members = ports.map((port, index) => memberAt(folder, services, `m${index + 1}`, port));
    const rows: [string, string, Figure][] = [];
    for (const [index, member] of members.entries()) {
      await member.program.start();
      ended.push(() => member.program.kill('SIGTERM'));
      if (index === 0) await activate(member, oneSet(PATH, 'lastNode'));
      await settled(services, index + 1);
      const value = await throughput(members.slice(0, index + 1), rounds, seconds);
      rows.push([`${index + 1} member${index === 0 ? '' : 's'}: webhook → Set → answer`, 'executions/s', value]);
    }
    const { p50, p99 } = await hop(services);
    rows.push(['question to another member, p50', 'ms', p50], ['the same, p99', 'ms', p99]);
    rows.push(...(await takeovers(members, services)));
    process.stdout.write(table(rows));
  } finally {
    for (const end of ended.reverse()) await end().catch((error: unknown) => console.error(error));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function launch(folder: string, ended: (() => Promise<unknown>)[]): Promise<Services> {
  const [rabbitmq, consul] = ['rabbitmq-server', 'consul'].map((name) => findProgram(name));
  if (rabbitmq === undefined || consul === undefined) {
    throw new BenchFailure('the cluster benchmark needs rabbitmq-server and consul on the PATH');
  }
  const part = (name: string): string => {
    mkdirSync(join(folder, name), { mode: 0o755 });
    return join(folder, name);
  };
  const all = [
    await launchPostgres(part('postgres')),
    await launchRabbit(rabbitmq, part('rabbitmq')),
    await launchConsul(consul, part('consul')),
  ];
  for (const service of all) ended.push(() => service.stop());
  const [database = '', broker = '', agent = ''] = all.map(({ url }) => url);
  return { database, broker, consul: agent };
}

function memberAt(folder: string, { database, broker, consul }: Services, name: string, port: number): LocalMember {
  const env = {
    DATABASE_URL: database,
    AMQP_URL: broker,
    CONSUL_HTTP_ADDR: consul,
    TROUPE_API_KEY: API_KEY,
    LOG_LEVEL: 'warn',
  };
  return localMember({ name, port, folder, env });
}

async function activate({ base }: LocalMember, workflow: object): Promise<string> {
  const { id } = await call<{ id: string }>(`${base}/api/v1/workflows`, workflow);
  await call(`${base}/api/v1/workflows/${id}/activate`, {});
  return id;
}

async function call<T>(url: string, body: object): Promise<T> {
  const headers = { 'x-n8n-api-key': API_KEY, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new BenchFailure(`${url}: ${response.status} ${text.slice(0, 2000)}`);
  return JSON.parse(text);
}

/** Waits until so many members share the shards. */
async function settled({ database }: Services, members: number): Promise<void> {
  const shared = `SELECT owner, count(*)::int AS n FROM troupe.shard GROUP BY owner`;
  for (;;) {
    const rows = await ask<{ owner: string | null; n: number }>(database, shared);
    const owners = rows.filter(({ owner }) => owner !== null);
    if (owners.length === members && owners.every(({ n }) => n > 400 / members / 2)) break;
    await pause(200);
  }
  await pause(3_000);
}

async function throughput(members: readonly LocalMember[], rounds: number, seconds: number): Promise<Figure> {
  const connections = Math.floor(CONNECTIONS / members.length);
  const once = async (length: number): Promise<number> => {
    const loads = await Promise.all(
      members.map(({ base }) =>
        generateLoad({ url: `${base}/webhook/${PATH}`, method: 'POST', body: BODY, connections, seconds: length }),
      ),
    );
    const failed = loads.reduce((sum, load) => sum + load.failed, 0);
    if (failed > 0) throw new BenchFailure(`${failed} calls failed: ${JSON.stringify(loads[0]?.failures)}`);
    return loads.reduce((sum, { perSecond }) => sum + perSecond, 0);
  };
  await once(WARM_UP_SECONDS);
  const seen: number[] = [];
  for (let round = 0; round < rounds; round += 1) seen.push(await once(seconds));
  return figure(seen);
}

/** Two processes, one broker: the way there and back, one question at a time. */
async function hop({ broker: url }: Services): Promise<{ p50: Figure; p99: Figure }> {
  const echo = await startServer('link-echo.ts', [url, 'bench-echo']);
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const broker = openBroker({ url, clock, random, log, name: 'bench' });
  const link = createRabbitLink({ broker, self: 'bench', clock, log });
  try {
    await link.start({ told: quiet, asked: async () => ({}) });
    const rounds: number[][] = [];
    for (let round = 0; round < 3; round += 1) {
      const times: number[] = [];
      for (let count = 0; count < QUESTIONS; count += 1) {
        const began = performance.now();
        await link.ask('bench-echo', { kind: 'echo', body: { count } }, QUESTION_MS);
        times.push(performance.now() - began);
      }
      rounds.push(times.sort((a, b) => a - b));
    }
    const at = (share: number): Figure => figure(rounds.map((times) => percentile(times, share)));
    return { p50: at(0.5), p99: at(0.99) };
  } finally {
    await link.stop();
    await broker.close();
    await echo.stop();
  }
}

/** kill -9 of a member under executions that write an event every half second: until another has written for each. */
async function takeovers(members: readonly LocalMember[], services: Services): Promise<[string, string, Figure][]> {
  const first = members[0];
  const victim = members.at(-1);
  if (!first || !victim) return [];
  const id = await activate(first, waiting('bench-waiting', 60, 0.5));
  const [half, last]: [number[], number[]] = [[], []];
  for (let count = 0; count < TAKEOVERS; count += 1) {
    await settled(services, members.length);
    for (let started = 0; started < TAKEN_OVER; started += 1) {
      await call(`${victim.base}/webhook/bench-waiting`, {});
    }
    const times = await takeover(victim, services, id);
    half.push(percentile(times, 0.5));
    last.push(percentile(times, 0.99));
    await victim.program.start();
  }
  return [
    [`takeover of ${TAKEN_OVER} running executions after kill -9, p50`, 'ms', figure(half)],
    ['the same, p99', 'ms', figure(last)],
  ];
}

/** Milliseconds from the kill to the first row that another member wrote, per execution, ascending. */
async function takeover(victim: LocalMember, { database }: Services, workflowId: string): Promise<number[]> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const { rows: before } = await client.query<{ id: string; epoch: number }>(
      `SELECT e.id::text, s.epoch FROM troupe.execution e JOIN troupe.shard s ON s.id = e.shard
        JOIN troupe.member m ON m.boot_id = s.owner AND m.name = $1
        WHERE e.workflow_id = $2 AND e.status IN ('running', 'waiting')`,
      [victim.name, workflowId],
    );
    const epochs = new Map(before.map(({ id, epoch }) => [id, epoch]));
    await victim.program.kill('SIGKILL');
    const killed = performance.now();
    const times: number[] = [];
    while (epochs.size > 0) {
      const { rows } = await client.query<{ id: string; epoch: number }>(
        `SELECT execution_id::text AS id, max(epoch) AS epoch FROM troupe.journal
          WHERE execution_id = ANY($1::int8[]) GROUP BY 1`,
        [[...epochs.keys()]],
      );
      const now = performance.now() - killed;
      for (const { id, epoch } of rows) {
        if (epoch <= (epochs.get(id) ?? Infinity)) continue;
        epochs.delete(id);
        times.push(now);
      }
      if (now > TAKEOVER_MS_MOST) throw new BenchFailure(`${epochs.size} executions were not taken over`);
      await pause(50);
    }
    return times;
  } finally {
    await client.end();
  }
}

async function ask<T extends pg.QueryResultRow>(connectionString: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

function table(rows: readonly [string, string, Figure][]): string {
  const shown = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value >= 100 ? 0 : 2 });
  const lines = rows.map(
    ([what, unit, { median, least, most }]) =>
      `| ${what} | ${shown(median)} ${unit} | ${shown(least)} – ${shown(most)} |\n`,
  );
  return `| what | median | least to most |\n|---|---:|---:|\n${lines.join('')}`;
}
