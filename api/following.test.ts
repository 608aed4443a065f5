import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quiet, SimulatedClock } from '#runtime';
import { Follower } from './following.ts';
import type { ActivationChange } from './ports.ts';

const LOOK_MS = 1_000;

/** A database of changes, a follower of it, and what is in effect. */
function world() {
  const clock = new SimulatedClock();
  const newest = new Map<string, ActivationChange>();
  const effect = new Map<string, number>();
  const faults = { away: false, refuse: new Set<string>() };
  const failures: unknown[] = [];
  let last = 0;
  let reads = 0;
  let reading = 0;
  let most = 0;
  const follower = new Follower({
    clock,
    lookMs: LOOK_MS,
    store: {
      mark: async () => last,
      async changes(mark, limit) {
        reads += 1;
        reading += 1;
        most = Math.max(most, reading);
        const rows = [...newest.values()].filter(({ change }) => change > mark).slice(0, limit);
        await quiet(1);
        reading -= 1;
        if (faults.away) throw new Error('away');
        return rows;
      },
    },
    async apply({ workflowId, version }) {
      if (faults.refuse.has(workflowId)) return 'later';
      if (version === undefined) effect.delete(workflowId);
      else effect.set(workflowId, version);
      return 'done';
    },
    failed: (error) => void failures.push(error),
  });
  return {
    clock,
    follower,
    effect,
    faults,
    failures,
    reads: () => reads,
    most: () => most,
    change(workflowId: string, version?: number): void {
      last += 1;
      newest.delete(workflowId);
      newest.set(workflowId, { change: last, workflowId, activeSince: 0, ...(version !== undefined && { version }) });
    },
    truth: () =>
      new Map([...newest.values()].flatMap(({ workflowId, version }) => (version ? [[workflowId, version]] : []))),
  };
}

const settled = (clock: SimulatedClock, ms: number) => clock.advance(ms).then(() => quiet(20));

test('a change without any word is in effect after one pause', async () => {
  const { clock, follower, effect, change } = world();
  follower.start(0);
  change('w', 1);
  await settled(clock, LOOK_MS);
  assert.deepEqual([...effect], [['w', 1]]);
});

test('what was committed before a look is in effect when it resolves, also when another look was under way', async () => {
  const { follower, effect, change } = world();
  const first = follower.look();
  change('late', 1);
  const second = follower.look();
  await second;
  assert.equal(effect.get('late'), 1);
  await first;
});

test('however many look at once, one look goes at a time and one more waits', async () => {
  const { follower, reads, most } = world();
  await Promise.all(Array.from({ length: 500 }, () => follower.look()));
  assert.equal(most(), 1);
  assert.equal(reads(), 2);
});

test('a database that is away is said once, and what it missed comes with the first look that succeeds', async () => {
  const { clock, follower, effect, faults, failures, change } = world();
  follower.start(0);
  faults.away = true;
  change('w', 1);
  await settled(clock, LOOK_MS * 3);
  assert.equal(failures.length, 1);
  await assert.rejects(follower.look());
  faults.away = false;
  await settled(clock, LOOK_MS);
  assert.deepEqual([...effect], [['w', 1]]);
});

test('a change that cannot be put into effect holds up no other, and is tried again', async () => {
  const { follower, effect, faults, change } = world();
  faults.refuse.add('bad');
  change('bad', 1);
  change('good', 1);
  await follower.look();
  assert.deepEqual([...effect], [['good', 1]]);
  faults.refuse.clear();
  await follower.look();
  assert.equal(effect.get('bad'), 1);
});

test('a change that waits for another try never undoes a newer one of the same workflow', async () => {
  const { follower, effect, faults, change } = world();
  faults.refuse.add('w');
  change('w', 1);
  await follower.look();
  faults.refuse.clear();
  change('w');
  await follower.look();
  await follower.look();
  assert.deepEqual([...effect], []);
});

test('more changes than fit into one page all come in one look', async () => {
  const { follower, effect, change } = world();
  for (let n = 0; n < 1_234; n += 1) change(`w${n}`, 1);
  await follower.look();
  assert.equal(effect.size, 1_234);
});

test('after stop no timer is left', async () => {
  const { clock, follower } = world();
  follower.start(0);
  follower.stop();
  assert.equal(clock.nextIn, undefined);
});

const move = fc.oneof(
  fc.record({
    kind: fc.constant('change' as const),
    id: fc.constantFrom('a', 'b', 'c'),
    version: fc.option(fc.integer({ min: 1, max: 9 })),
  }),
  fc.record({ kind: fc.constantFrom('away' as const, 'back' as const, 'look' as const, 'pause' as const) }),
  fc.record({ kind: fc.constant('refuse' as const), id: fc.constantFrom('a', 'b', 'c') }),
);

test('whatever happens, two pauses after the faults are over what listens is what the database says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 30 }), async (moves) => {
      const it = world();
      it.follower.start(0);
      for (const each of moves) {
        if (each.kind === 'change') it.change(each.id, each.version ?? undefined);
        else if (each.kind === 'refuse') it.faults.refuse.add(each.id);
        else if (each.kind === 'look') void it.follower.look().catch(() => {});
        else if (each.kind === 'pause') await settled(it.clock, LOOK_MS);
        else it.faults.away = each.kind === 'away';
      }
      it.faults.away = false;
      it.faults.refuse.clear();
      for (let n = 0; n < 2; n += 1) await settled(it.clock, LOOK_MS);
      assert.deepEqual(it.effect, it.truth());
    }),
    { numRuns: 100 },
  );
});
