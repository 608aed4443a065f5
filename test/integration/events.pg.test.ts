import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OutboxEvent } from '#runtime';
import { END_OF_FILE, inProcess, type TestMember, until } from './member.ts';
import { code, end, hook, workflow } from './workflows.ts';

/** Integration events from the API and from runs to a subscriber, through the outbox of a whole member. */

let member: TestMember;
before(async () => {
  member = await inProcess();
});
after(() => member?.stop(), END_OF_FILE);

async function listen(...patterns: string[]): Promise<OutboxEvent[]> {
  const heard: OutboxEvent[] = [];
  await member.member.events.subscribe({ patterns, handle: (event) => void heard.push(event) });
  return heard;
}

test('what is done to a workflow is told in order, by its id', async () => {
  const heard = await listen('workflow.*');
  const id = await member.activate(workflow('told', [hook('told'), end()]));
  await member.must('POST', `/api/v1/workflows/${id}/deactivate`);
  await member.must('DELETE', `/api/v1/workflows/${id}`);
  const mine = (): string[] => heard.filter(({ aggregateId }) => aggregateId === id).map(({ type }) => type);
  await until('four events', () => (mine().length >= 4 ? true : undefined));
  assert.deepEqual(mine(), ['workflow.created', 'workflow.activated', 'workflow.deactivated', 'workflow.deleted']);
});

test('a run tells of its start and its end, once each, without its items', async () => {
  const heard = await listen('execution.#');
  const nodes = [hook('shop', { responseMode: 'lastNode' }), end()];
  await member.activate(workflow('shop', nodes));
  for (let call = 0; call < 20; call += 1) {
    assert.equal((await member.ask('POST', '/webhook/shop', { secret: 'canary' })).status, 200);
  }
  await until('forty events', () => (heard.length >= 40 ? true : undefined));
  const runs = Map.groupBy(heard, ({ aggregateId }) => aggregateId);
  assert.equal(runs.size, 20);
  for (const events of runs.values()) {
    assert.deepEqual(
      events.map(({ type, version }) => [type, version > 0]),
      [
        ['execution.started', true],
        ['execution.completed', true],
      ],
    );
  }
  assert.equal(new Set(heard.map(({ id }) => id)).size, 40);
  assert.doesNotMatch(JSON.stringify(heard), /canary/);
});

test('a run that fails says so with its words and its node', async () => {
  const heard = await listen('execution.failed');
  const nodes = [hook('broken', { responseMode: 'lastNode' }), code('Break', 'throw new Error("no stock")')];
  await member.activate(workflow('broken', nodes));
  await member.ask('POST', '/webhook/broken', {});
  await until('the event', () => (heard.length > 0 ? true : undefined));
  assert.equal(heard[0]?.payload['node'], 'Break');
  assert.match(JSON.stringify(heard[0]?.payload['error']), /no stock/);
});

test('what is told is counted, and nothing is left in the outbox', async () => {
  const metrics = await until('an empty outbox', async () => {
    const { text } = await member.ask('GET', '/metrics');
    return /^outbox_rows_waiting 0$/m.test(text) ? text : undefined;
  });
  assert.match(metrics, /^events_published_total\{event_type="execution.completed"\} 2\d$/m);
  assert.match(metrics, /^events_consumed_total\{event_type="execution.completed",status="ok"\} 2\d$/m);
});
