import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveRuns } from './live-runs.ts';

test('a run counts once for its workflow, until it is gone', () => {
  const live = new LiveRuns();
  live.add('1', 'a');
  live.add('1', 'b');
  live.add('2', 'a');
  assert.deepEqual([live.size, [...live.counts]], [2, [['a', 2]]]);
  live.delete('1');
  live.delete('1');
  live.delete('9');
  assert.deepEqual([live.size, [...live.counts], [...live]], [1, [['a', 1]], ['2']]);
  live.delete('2');
  assert.deepEqual([live.has('2'), live.counts.size], [false, 0]);
});

test('runs may go while they are gone through', () => {
  const live = new LiveRuns();
  for (let id = 0; id < 10; id += 1) live.add(String(id), 'w');
  for (const id of live) live.delete(id);
  assert.equal(live.size, 0);
});

test('for any order of coming and going the counts are those of who is there', () => {
  const move = fc.record({ id: fc.nat(12), workflow: fc.constantFrom('a', 'b', 'c'), come: fc.boolean() });
  fc.assert(
    fc.property(fc.array(move), (moves) => {
      const live = new LiveRuns();
      const model = new Map<string, string>();
      for (const { id, workflow, come } of moves) {
        const key = String(id);
        if (come) live.add(key, workflow);
        else live.delete(key);
        if (!come) model.delete(key);
        else if (!model.has(key)) model.set(key, workflow);
      }
      assert.equal(live.size, model.size);
      const counted = Object.entries(Object.groupBy(model.values(), (workflow) => workflow));
      assert.deepEqual([...live.counts].sort(), counted.map(([workflow, all]) => [workflow, all?.length]).sort());
    }),
    { seed: 4810 },
  );
});
