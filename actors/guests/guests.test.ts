import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chain } from '../testing.ts';
import { begin, placed, slow, TestCluster } from './testing.ts';

test('a node runs on the member that carries its tags, and its result goes on where the execution is', async () => {
  const cluster = new TestCluster();
  const gpu = await cluster.join('gpu-1', ['gpu', 'eu']);
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, placed(chain('w', ['start', 'effect', 'data']), 1, 'gpu'));
  await owner.run(3_000);
  const report = await handle.ended;
  assert.equal(report.status, 'success');
  assert.deepEqual(gpu.calls, [{ key: `${handle.executionId}/n1/0/0`, input: '{"n":1}' }]);
  assert.deepEqual(owner.calls, []);
  assert.deepEqual(report.runData.get('data 2')?.[0]?.outputs?.[0]?.[0]?.json, { n: 1 });
});

test('show', async () => {
  const cluster = new TestCluster();
  const work = slow();
  await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  begin(owner, placed(chain('w', ['start', 'effect', 'data']), 1, 'gpu'));
  await owner.run(3_000);
  assert.equal(work.runs.length, 1);
});
