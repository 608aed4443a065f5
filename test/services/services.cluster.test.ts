import assert from 'node:assert/strict';
import { connect as open } from 'amqplib';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { startConsul, startPostgres, startRabbit, type TestService } from './index.ts';

/** RabbitMQ writes down a new quorum queue half a second after it has confirmed it; killed before, it loses the queue. */
const DECLARED_MS = 1_500;

describe('RabbitMQ for tests', () => {
  let rabbit: TestService;
  before(async () => void (rabbit = await startRabbit({ mayKill: true })), { timeout: 120_000 });
  after(() => rabbit?.stop(), { timeout: 60_000 });

  test('keeps what is durable over kill -9, on the same address', async () => {
    const connection = await open(rabbit.url);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('kept', Buffer.from('word'), { persistent: true });
    await channel.waitForConfirms();
    await pause(DECLARED_MS);
    await rabbit.kill('SIGKILL');
    await assert.rejects(open(rabbit.url));
    await rabbit.restart();
    const again = await open(rabbit.url);
    const reader = await again.createChannel();
    const found = await reader.get('kept');
    assert.equal(found === false ? undefined : found.content.toString(), 'word');
    await again.close();
  });

  test('is frozen by SIGSTOP and goes on by SIGCONT', async () => {
    await rabbit.kill('SIGSTOP');
    const late = open(rabbit.url, { timeout: 500 });
    await assert.rejects(late);
    await rabbit.kill('SIGCONT');
    await (await open(rabbit.url)).close();
  });
});

describe('Consul for tests', () => {
  let consul: TestService;
  before(async () => void (consul = await startConsul({ mayKill: true })), { timeout: 60_000 });
  after(() => consul?.stop(), { timeout: 60_000 });

  const services = async (): Promise<string[]> => {
    const answer = await fetch(`${consul.url}/v1/catalog/services`, { signal: AbortSignal.timeout(5_000) });
    // The agent registers itself a moment after it answers.
    return Object.keys(Object(await answer.json())).filter((name) => name !== 'consul');
  };

  test('knows who registered, and nobody after a restart', async () => {
    const body = JSON.stringify({ Name: 'someone' });
    await fetch(`${consul.url}/v1/agent/service/register`, { method: 'PUT', body });
    assert.deepEqual(await services(), ['someone']);
    await consul.kill('SIGKILL');
    await assert.rejects(services());
    await consul.restart();
    assert.deepEqual(await services(), []);
  });
});

describe('PostgreSQL for tests', () => {
  let postgres: TestService;
  before(async () => void (postgres = await startPostgres({ mayKill: true })), { timeout: 60_000 });
  after(() => postgres?.stop(), { timeout: 60_000 });

  const ask = async (sql: string): Promise<unknown> => {
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql)).rows[0];
    } finally {
      await client.end();
    }
  };

  test('has room for a cluster and keeps its data over a restart and an immediate stop', async () => {
    assert.deepEqual(await ask('SHOW max_connections'), { max_connections: '120' });
    await ask('CREATE TABLE kept AS SELECT 1 AS one');
    await postgres.restart();
    assert.deepEqual(await ask('SELECT one FROM kept'), { one: 1 });
    await postgres.kill('SIGQUIT');
    assert.deepEqual(await ask('SELECT one FROM kept'), { one: 1 });
  });
});
