import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeResult } from '#workflow';
import { SimulatedClock, type Journal, type NodeContext } from '#runtime';
import { chain } from '../testing.ts';
import { Folds, type Fold } from './folds.ts';
import { FOLD_KEPT_MS, FOLDS_KEPT } from './limits.ts';
import { begin, placed, TestCluster } from './testing.ts';

function noting(journal: Journal, reads: (number | undefined)[]): Journal {
  const read: Journal['read'] = (id, options) => {
    reads.push(options?.afterSeq);
    return journal.read(id, options);
  };
  return new Proxy(journal, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (key === 'read') return read;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const fold = (seq: number): Fold => ({ seq }) as Fold; // the store looks at nothing else

test('a fold is taken once, and only by whoever is not behind it', () => {
  const folds = new Folds(new SimulatedClock());
  folds.put('1', fold(5));
  assert.equal(folds.take('1', 5)?.seq, 5);
  assert.equal(folds.take('1', 5), undefined);
  folds.put('1', fold(5));
  assert.equal(folds.take('1', 4), undefined);
  assert.equal(folds.size, 0);
});

test('a bounded number is kept, the oldest goes first, and none for long', () => {
  const clock = new SimulatedClock();
  const folds = new Folds(clock);
  for (let id = 0; id <= FOLDS_KEPT; id += 1) folds.put(String(id), fold(1));
  assert.equal(folds.size, FOLDS_KEPT);
  assert.equal(folds.take('0', 1), undefined);
  clock.advanceSync(FOLD_KEPT_MS - 1);
  folds.put('new', fold(1));
  folds.tidy();
  assert.equal(folds.size, FOLDS_KEPT);
  clock.advanceSync(1);
  folds.tidy();
  assert.equal(folds.size, 1);
});

test('one placed node after the other reads the events since the last one, and sees all that was before', async () => {
  const cluster = new TestCluster();
  const reads: (number | undefined)[] = [];
  const seen: string[] = [];
  const look = (context: NodeContext): NodeResult => {
    seen.push([...(context.runs?.keys() ?? [])].join(' '));
    return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
  };
  await cluster.join('gpu-1', ['gpu'], {
    behaviours: { look },
    alter: (services) => ({ ...services, journal: noting(services.journal, reads) }),
  });
  const owner = await cluster.join('owner', [], { owner: true, behaviours: { look } });
  const json = ['look', 'look', 'data', 'look'];
  let flow = chain('w', ['start', ...json]);
  for (const [index, kind] of json.entries()) if (kind === 'look') flow = placed(flow, index + 1, 'gpu');
  const handle = begin(owner, flow);
  await owner.run(3_000);
  assert.equal((await handle.ended).status, 'success');
  assert.deepEqual(seen, ['start 0', 'start 0 look 1', 'start 0 look 1 look 2 data 3']);
  assert.deepEqual(reads, [0, 4, 6]);
});
