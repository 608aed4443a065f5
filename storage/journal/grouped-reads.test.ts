import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GroupedReads } from './grouped-reads.ts';

/** Statements that answer when they are let: each with the keys it reads. */
function database() {
  const statements: { keys: readonly number[]; answer(value?: (key: number) => number): void; fail(): void }[] = [];
  const reads = new GroupedReads<number>(
    (keys) =>
      new Promise((resolve, reject) => {
        statements.push({
          keys,
          answer: (value = (key) => key * 10) =>
            resolve(new Map(keys.filter((key) => key >= 0).map((key) => [key, value(key)]))),
          fail: () => reject(new Error('away')),
        });
      }),
  );
  return { statements, reads };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a read alone goes at once', async () => {
  const { statements, reads } = database();
  const value = reads.get(7);
  deepEqual(
    statements.map(({ keys }) => keys),
    [[7]],
  );
  statements[0]?.answer();
  equal(await value, 70);
});

test('what comes while three are under way goes together, at most fifty', async () => {
  const { statements, reads } = database();
  const values = Array.from({ length: 103 }, (_, key) => reads.get(key));
  equal(statements.length, 3);
  for (let n = 0; n < statements.length; n += 1) {
    statements[n]?.answer();
    await turn();
  }
  deepEqual(
    statements.map(({ keys }) => keys.length),
    [1, 1, 1, 50, 50],
  );
  deepEqual(
    await Promise.all(values),
    values.map((_, key) => key * 10),
  );
});

test('a key that is not there is undefined', async () => {
  const { statements, reads } = database();
  const value = reads.get(-1);
  statements[0]?.answer();
  equal(await value, undefined);
});

test('a read never joins a statement that was sent before it was asked for', async () => {
  const { statements, reads } = database();
  const early = reads.get(1);
  const late = reads.get(1);
  equal(statements.length, 2);
  statements[1]?.answer(() => 2);
  statements[0]?.answer(() => 1);
  deepEqual(await Promise.all([early, late]), [1, 2]);
});

test('a statement that fails fails its own reads only, and the next goes on', async () => {
  const { statements, reads } = database();
  const values = [1, 2, 3, 4, 5].map((key) => reads.get(key));
  statements[0]?.fail();
  await rejects(values[0] ?? Promise.resolve(), /away/);
  for (let n = 1; n < statements.length; n += 1) {
    statements[n]?.answer();
    await turn();
  }
  deepEqual(await Promise.all(values.slice(1)), [20, 30, 40, 50]);
});

test('however reads and answers come, every read is answered by a statement of its key, three at a time at most', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fc.nat(9)), { maxLength: 80 }), async (moves) => {
      const { statements, reads } = database();
      const values: Promise<unknown>[] = [];
      const expected: number[] = [];
      let answered = 0;
      for (const key of moves) {
        if (key === null) {
          if (statements.length > answered) statements[answered++]?.answer();
          await turn();
        } else {
          values.push(reads.get(key));
          expected.push(key * 10);
        }
        ok(statements.length - answered <= 3);
      }
      while (statements.length > answered) {
        statements[answered++]?.answer();
        await turn();
      }
      deepEqual(await Promise.all(values), expected);
    }),
    { numRuns: 100 },
  );
});
