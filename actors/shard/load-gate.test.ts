import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quiet } from '#runtime';
import { LoadGate } from './load-gate.ts';

test('so many loads at the same time and no more, whatever order they end in; all get their turn, first come first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(20), { maxLength: 40 }), async (places, picks) => {
      const gate = new LoadGate(places);
      const begun: number[] = [];
      const atWork = new Map<number, () => void>();
      const all = picks.map((_, index) =>
        gate.enter(async () => {
          begun.push(index);
          await new Promise<void>((resolve) => atWork.set(index, resolve));
          atWork.delete(index);
          return index;
        }),
      );
      for (const pick of picks) {
        await quiet(1);
        assert.ok(atWork.size <= places);
        [...atWork.values()][pick % Math.max(1, atWork.size)]?.();
      }
      while (atWork.size > 0) {
        for (const finish of atWork.values()) finish();
        await quiet(1);
      }
      assert.deepEqual(
        await Promise.all(all),
        picks.map((_, index) => index),
      );
      assert.deepEqual(
        begun,
        begun.toSorted((a, b) => a - b),
      );
    }),
    { numRuns: 50 },
  );
});

test('a load that fails frees its place', async () => {
  const gate = new LoadGate(1);
  await assert.rejects(gate.enter(() => Promise.reject(new Error('away'))));
  assert.equal(await gate.enter(async () => 'next'), 'next');
});

test('there is room at once while nobody waits in line, and when the line has become empty', async () => {
  const gate = new LoadGate(1);
  await gate.room();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = gate.enter(() => promise);
  const second = gate.enter(async () => {});
  assert.equal(gate.waiting, 1);
  let room = false;
  const asked = gate.room().then(() => (room = true));
  await quiet(1);
  assert.equal(room, false);
  resolve();
  await Promise.all([first, second, asked]);
  assert.equal(gate.waiting, 0);
});
