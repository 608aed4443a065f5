import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARDS } from '#cluster';
import { quiet, seededRandom, SimulatedClock, TestNetwork } from '#runtime';
import { DeathWatch, type RemoteEnd } from './death-watch.ts';

function world() {
  const network = new TestNetwork(new SimulatedClock(), seededRandom(1));
  const a = network.join('a');
  network.join('b');
  network.join('c');
  network.own([5], 'b');
  const watch = new DeathWatch(a);
  const ends: RemoteEnd[] = [];
  return { network, watch, ends, told: (end: RemoteEnd) => void ends.push(end) };
}

const onShard5 = String(SHARDS + 5);

test('a watched member that leaves is told of once', async () => {
  const { network, watch, ends, told } = world();
  watch.watch({ member: 'b' }, told);
  await quiet(1);
  assert.deepEqual(ends, []);
  network.leave('b');
  network.leave('c');
  assert.deepEqual(ends, [{ kind: 'left', member: 'b' }]);
  assert.equal(watch.size, 0);
});

test('watching a member that is not there is told at once, but never inside the call', async () => {
  const { watch, ends, told } = world();
  watch.watch({ member: 'nobody' }, told);
  assert.deepEqual(ends, []);
  await quiet(1);
  assert.deepEqual(ends, [{ kind: 'left', member: 'nobody' }]);
});

for (const [to, rest] of [
  ['c', { to: 'c' }],
  [undefined, {}],
] as const) {
  test(`an execution whose shard goes to ${to ?? 'nobody'} is told as moved, once`, async () => {
    const { network, watch, ends, told } = world();
    watch.watch({ executionId: onShard5 }, told);
    network.own([6], 'c');
    assert.deepEqual(ends, []);
    network.own([5], to);
    network.own([5], 'b');
    assert.deepEqual(ends, [{ kind: 'moved', executionId: onShard5, ...rest }]);
  });
}

test('an execution without an owner is told when it gets one', () => {
  const { network, watch, ends, told } = world();
  watch.watch({ executionId: '7' }, told);
  network.own([7], 'a');
  assert.deepEqual(ends, [{ kind: 'moved', executionId: '7', to: 'a' }]);
});

test('after unwatch or stop nobody is told anything', async () => {
  const { network, watch, ends, told } = world();
  const unwatch = watch.watch({ member: 'b' }, told);
  watch.watch({ executionId: onShard5 }, told);
  unwatch();
  network.leave('b');
  watch.stop();
  network.own([5], 'c');
  await quiet(1);
  assert.deepEqual(ends, []);
});
