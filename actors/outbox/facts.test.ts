import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow, type JsonObject, type RunEvent } from '#workflow';
import type { OutboxEvent, Step } from '#runtime';
import { chain, makeStage, type Stage, type StageOptions } from '../testing.ts';
import { ringing } from './doorbell.ts';
import { leaveEvents } from './facts.ts';
import { createEventGate, type EventGate } from './gate.ts';

const ALL: EventGate = { wants: () => true };

async function stage(options: StageOptions = {}, gate: EventGate = ALL): Promise<Stage> {
  const { alter = (services) => services } = options;
  return makeStage({ ...options, alter: (services) => ({ ...alter(services), events: gate }) });
}

async function run(on: Stage, json: JsonObject, ms = 5_000): Promise<{ id: string; events: OutboxEvent[] }> {
  const workflow = parseWorkflow(json, { id: String(json['id']) });
  on.workflows.set(workflow.id, json);
  const items = [{ json: { secret: 'not for subscribers' } }];
  const trigger = workflow.nodes[0]?.name ?? '';
  const more = { items, trigger, acceptEarly: false, mode: 'webhook' } as const;
  const { executionId } = on.company.start({ workflow, workflowVersion: 1, ...more });
  await on.run(ms);
  return { id: executionId, events: on.store.outbox() };
}

const typesOf = (events: readonly OutboxEvent[]): string[] => events.map(({ type }) => type);
const failing: StageOptions['behaviours'] = {
  boom: () => {
    throw new TypeError('x'.repeat(5_000));
  },
};

test('a run tells when it started and completed, in the commits of these facts', async () => {
  const on = await stage();
  const { id, events } = await run(on, chain('w', ['start', 'data']));
  const journal = await on.store.journal.read(id);
  const [first, last] = [journal[0], journal.at(-1)];
  const common = { aggregateId: id, aggregateType: 'execution' };
  const payload = { workflowId: 'w', workflowVersion: 1, mode: 'webhook' };
  const metadata = { correlationId: id, traceId: id.padStart(32, '0') };
  deepEqual(events, [
    {
      ...common,
      id: `${id}-1`,
      type: 'execution.started',
      timestamp: first?.event.at,
      version: 1,
      payload: { ...payload, trigger: 'start 0' },
      metadata,
    },
    {
      ...common,
      id: `${id}-${last?.seq}`,
      type: 'execution.completed',
      timestamp: last?.event.at,
      version: last?.seq,
      payload: { ...payload, durationMs: (last?.event.at ?? 0) - (first?.event.at ?? 0) },
      metadata,
    },
  ]);
  equal(await on.store.outboxStore.waiting(10), 1, 'one commit, one row');
});

test('no item of a run is in its events', async () => {
  const { events } = await run(await stage({ behaviours: failing }), chain('w', ['start', 'data', 'boom']));
  equal(JSON.stringify(events).includes('not for subscribers'), false);
});

test('a failed run tells its error in short, and where', async () => {
  const { events } = await run(await stage({ behaviours: failing }), chain('w', ['start', 'boom']));
  const failed = events.find(({ type }) => type === 'execution.failed');
  deepEqual([failed?.payload['node'], failed?.payload['error']], ['boom 1', { message: 'x'.repeat(2_000) }]);
  const error = { message: 'refused', code: 'ECONNREFUSED', stack: 'lines of ours', input: { secret: 1 } };
  const event: RunEvent = { type: 'execution.failed', at: 5, error };
  const step: Step = { executionId: '1', shard: 1, epoch: 1, events: [{ seq: 2, event }], status: 'error' };
  leaveEvents(step, { create: { workflowId: 'w', workflowVersion: 1, mode: 'webhook', startedAt: 1 } }, ALL);
  deepEqual(step.outbox?.[0]?.payload['error'], { message: 'refused', code: 'ECONNREFUSED' });
});

test('a canceled run tells its reason', async () => {
  const on = await stage();
  const { id } = await run(on, chain('w', ['start', 'webhookWait']));
  on.company.deliver(id, { type: 'cancel', reason: 'enough' });
  await on.run();
  const canceled = on.store.outbox().at(-1);
  deepEqual([canceled?.type, canceled?.payload['reason']], ['execution.canceled', 'enough']);
});

const WAITS: readonly [what: string, kind: string, parameters: JsonObject, told: boolean][] = [
  ['a call', 'webhookWait', {}, true],
  ['65 s', 'wait', { ms: 65_000 }, true],
  ['less than 65 s', 'wait', { ms: 64_999 }, false],
];
for (const [what, kind, parameters, told] of WAITS) {
  test(`a wait for ${what} is ${told ? '' : 'not '}told`, async () => {
    const { events } = await run(await stage(), chain('w', ['start', kind], { 1: parameters }), 100);
    equal(typesOf(events).includes('execution.waiting'), told);
  });
}

test('a sub-workflow tells of itself, and by whom it was called; its caller does not wait in public', async () => {
  const on = await stage();
  on.workflows.set('sub', chain('sub', ['start', 'data']));
  const { id, events } = await run(on, chain('w', ['start', 'call'], { 1: { ids: ['sub'] } }));
  const child = events.filter(({ aggregateId }) => aggregateId !== id);
  deepEqual(typesOf(child), ['execution.started', 'execution.completed']);
  for (const { payload, metadata } of child) {
    deepEqual([payload['workflowId'], payload['parentExecutionId']], ['sub', id]);
    deepEqual([metadata.correlationId, metadata.causationId, metadata.traceId], [id, id, id.padStart(32, '0')]);
  }
  deepEqual(typesOf(events.filter(({ aggregateId }) => aggregateId === id)), [
    'execution.started',
    'execution.completed',
  ]);
});

test('nodes tell of themselves only where the workflow asks for it', async () => {
  const json = chain('w', ['start', 'data', 'boom']);
  const quiet = await run(await stage({ behaviours: failing }), json);
  equal(
    typesOf(quiet.events).some((type) => type.startsWith('node.')),
    false,
  );
  const settings = { ...(json['settings'] as JsonObject | undefined), events: 'nodes' };
  const { events } = await run(await stage({ behaviours: failing }), { ...json, settings });
  deepEqual(typesOf(events), [
    'execution.started',
    'node.completed',
    'node.completed',
    'node.failed',
    'execution.failed',
  ]);
  deepEqual(events[1]?.payload['node'], 'start 0');
});

test('what nobody wants is not written, and costs no row', async () => {
  const asked: string[] = [];
  const none = await stage({}, { wants: (type) => asked.push(type) < 0 });
  deepEqual((await run(none, chain('w', ['start', 'data', 'effect']))).events, []);
  deepEqual(asked, ['execution.started', 'execution.completed']);
  const some = await stage({}, { wants: (type) => type === 'execution.completed' });
  deepEqual(typesOf((await run(some, chain('w', ['start', 'data']))).events), ['execution.completed']);
});

test('a commit that failed and a member that died leave each event once', async () => {
  for (let moment = 0; moment < 8; moment += 1) {
    const first = await stage({ seed: moment + 1 });
    const json = chain('w', ['start', 'effect', 'data', 'effect']);
    const workflow = parseWorkflow(json, { id: 'w' });
    first.workflows.set('w', json);
    first.store.journal.faults.nextCommits({ kind: 'slowCommit', ms: 5 });
    const start = { workflow, workflowVersion: 1, trigger: 'start 0', items: [], acceptEarly: true };
    const { executionId } = first.company.start({ ...start, mode: 'webhook' });
    for (let turn = 0; turn < moment * 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    first.kill();
    const { store, clock, workflows, calls } = first;
    const second = await stage({ store, clock, workflows, calls, seed: 99 });
    await second.run(60_000);
    const known = await store.journal.execution(executionId);
    const expected = known ? ['execution.started', 'execution.completed'] : [];
    deepEqual(typesOf(store.outbox()), expected);
  }
});

test('a gate that is full lets nothing pass, counts it, and opens again', () => {
  const skipped: string[] = [];
  const gate = createEventGate(
    (type) => type !== 'unwanted',
    (type) => skipped.push(type),
  );
  gate.full = true;
  deepEqual([gate.wants('a'), gate.wants('unwanted'), skipped], [false, false, ['a']]);
  gate.full = false;
  equal(gate.wants('a'), true);
});

test('the doorbell rings after a commit that left events, its own or a child’s, and after no other', async () => {
  let rung = 0;
  let committed = 0;
  const commit = ringing(
    async (steps) => {
      committed += 1;
      return steps.map(() => ({ kind: 'committed' as const }));
    },
    () => {
      equal(rung, committed - 1 - skippedBefore);
      rung += 1;
    },
  );
  let skippedBefore = 0;
  const started: RunEvent = { type: 'execution.started', at: 1, mode: 'webhook', trigger: 'T', items: [] };
  const plain: Step = { executionId: '1', shard: 1, epoch: 1, events: [{ seq: 1, event: started }], status: 'running' };
  const create = { workflowId: 'w', workflowVersion: 1, mode: 'webhook', startedAt: 1 } as const;
  const telling: Step = { ...plain };
  leaveEvents(telling, { create }, ALL);
  ok(telling.outbox);
  await commit([telling]);
  skippedBefore = 1;
  await commit([plain]);
  await commit([{ ...plain, children: [telling] }]);
  equal(rung, 2);
});
