import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_LIMITS } from '../limits.ts';
import { boundedLabel } from './count-table.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** Names and labels that others rely on; see the contract in docs. */
const CONTRACT: Record<string, readonly string[]> = {
  http_requests_total: ['method', 'endpoint', 'status'],
  http_request_duration_seconds: [],
  http_response_size_bytes: [],
  workflows_created_total: [],
  workflows_executed_total: [],
  execution_duration_seconds: ['status'],
  execution_status_total: ['status'],
  node_executions_total: ['node_type', 'status'],
  starts_refused_total: ['reason'],
  database_connections_active: [],
  cache_hit_rate: [],
  queue_depth: [],
  events_published_total: ['event_type'],
  events_consumed_total: ['event_type', 'status'],
  events_skipped_total: ['event_type'],
  outbox_rows_waiting: [],
  actor_restarts_total: ['kind'],
  mailbox_length: ['kind'],
  dead_letters_total: ['kind'],
  breaker_state: ['breaker'],
  journal_commit_seconds: [],
  journal_batch_rows: [],
  journal_fenced_total: [],
  shards_owned: [],
  shard_takeovers_total: [],
  schedule_missed_total: [],
  lease_renewal_seconds: [],
};

/** Touches every metric once. */
function exercised(): Metrics {
  const metrics = createMetrics();
  metrics.httpAnswered('GET', '/x', 200, 0.01, 10);
  metrics.workflowCreated();
  metrics.started();
  metrics.ended('success', 1);
  metrics.node('n8n-nodes-base.set', 'success');
  metrics.refused('commit');
  metrics.committed(0.001, 3);
  metrics.fenced();
  metrics.leaseRenewed(0.001);
  metrics.shardTakenOver();
  metrics.scheduleMissed(1);
  metrics.published('workflow.created');
  metrics.consumed('workflow.created', 'ok');
  metrics.eventSkipped('execution.completed');
  metrics.treeChanged({
    type: 'actor.restarted',
    path: '/a',
    kind: 'shard',
    uid: 1,
    cause: 'x',
    restartsUsed: 1,
    restartsAllowed: 3,
    windowMs: 1,
    backoffMs: 1,
  });
  metrics.treeChanged({ type: 'deadLetter', to: '/a', kind: 'execution', messageType: 'm', reason: 'gone' });
  metrics.treeChanged({ type: 'breaker.opened', breaker: 'h', failures: 1 });
  const actor = { path: '/a', uid: 1, kind: 'shard', state: 'running' as const, mailboxLength: 2, oldestMessageMs: 0 };
  metrics.read({ tree: () => [actor, { ...actor, path: '/b' }] });
  return metrics;
}

/** Samples of one metric: label names and value per line. */
function samples(text: string, name: string): { labels: string[]; value: number }[] {
  const line = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? (\\S+)$`, 'gm');
  return [...text.matchAll(line)].map(([, labels = '', value]) => ({
    labels: [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
    value: Number(value),
  }));
}

for (const [name, labels] of Object.entries(CONTRACT)) {
  test(`${name} is there with the labels ${labels.join(', ') || 'none'}`, async () => {
    const [sample] = samples(await exercised().text(), name);
    assert.deepEqual(sample?.labels, [...labels]);
  });
}

test('nothing but the contract is exposed', async () => {
  const names = [...(await exercised().text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.deepEqual(names.toSorted(), Object.keys(CONTRACT).toSorted());
});

test('counters add up', async () => {
  const metrics = exercised();
  metrics.httpAnswered('GET', '/x', 200, 0.01, 10);
  assert.equal(samples(await metrics.text(), 'http_requests_total')[0]?.value, 2);
  assert.equal(samples(await metrics.text(), 'http_requests_total')[0]?.value, 2, 'scraping changes nothing');
});

test('mailboxes are summed by kind', async () => {
  assert.equal(samples(await exercised().text(), 'mailbox_length')[0]?.value, 4);
});

test('a breaker is 0 closed, 1 half open, 2 open', async () => {
  const metrics = createMetrics();
  for (const [type, value] of [
    ['breaker.opened', 2],
    ['breaker.halfOpen', 1],
    ['breaker.closed', 0],
  ] as const) {
    metrics.treeChanged({ type, breaker: 'h', failures: 0 });
    assert.equal(samples(await metrics.text(), 'breaker_state')[0]?.value, value);
  }
});

test('gauges are read from their sources at each scrape; sources may be given bit by bit', async () => {
  const metrics = createMetrics();
  let depth = 3;
  metrics.read({ queueDepth: () => depth });
  metrics.read({ shardsOwned: () => 512, databaseConnections: () => 4 });
  depth = 5;
  const text = await metrics.text();
  assert.equal(samples(text, 'queue_depth')[0]?.value, 5);
  assert.equal(samples(text, 'shards_owned')[0]?.value, 512);
  assert.equal(samples(text, 'database_connections_active')[0]?.value, 4);
});

test('the cache hit rate is hits by look-ups', async () => {
  const metrics = createMetrics();
  for (const hit of [true, true, true, false]) metrics.cacheLookup(hit);
  assert.equal(samples(await metrics.text(), 'cache_hit_rate')[0]?.value, 0.75);
});

test('labels that come from data are bounded', async () => {
  const label = boundedLabel(2);
  assert.deepEqual(['a', 'b', 'c', 'a'].map(label), ['a', 'b', 'other', 'a']);
  const metrics = createMetrics();
  for (let count = 0; count < API_LIMITS.LABEL_VALUES + 50; count += 1) {
    metrics.treeChanged({ type: 'breaker.closed', breaker: `host-${count}`, failures: 0 });
  }
  assert.equal(samples(await metrics.text(), 'breaker_state').length, API_LIMITS.LABEL_VALUES + 1);
});

test('metrics of the process are added when asked for', async () => {
  assert.match(await createMetrics({ defaults: true }).text(), /process_cpu/);
});
