import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { admit, recoveryPauseMs, withinShare } from './admit.ts';
import { FAIR_CAPACITY_SHARE, FAIR_FLOOR_RUNS, FAIR_FROM_SHARE, RECOVERY_PAUSE_MS } from './limits.ts';
import { LOAD_LIMITS, pressureOf, type Load, type PressureKind } from './pressure.ts';

const IDLE: Load = {
  live: 0,
  commitSteps: 0,
  commitBytes: 0,
  commitAgeMs: 0,
  loopLagMs: 0,
  heapBytes: 0,
  heapLimitBytes: 1_000,
  mailboxMessages: 0,
};
const LIVE_LIMIT = 1_000;
const runs = (counts: Record<string, number>): Map<string, number> => new Map(Object.entries(counts));

describe('pressure', () => {
  const grid: [keyof Load, number, PressureKind][] = [
    ['live', LIVE_LIMIT, 'live'],
    ['commitSteps', LOAD_LIMITS.commitSteps, 'commit'],
    ['commitBytes', LOAD_LIMITS.commitBytes, 'commit'],
    ['commitAgeMs', LOAD_LIMITS.commitAgeMs, 'commit'],
    ['loopLagMs', LOAD_LIMITS.loopLagMs, 'lag'],
    ['heapBytes', LOAD_LIMITS.heapShare * IDLE.heapLimitBytes, 'heap'],
    ['mailboxMessages', LOAD_LIMITS.mailboxMessages, 'mailbox'],
  ];
  for (const [field, limit, by] of grid) {
    test(`${field} at its limit is 1, at half of it a half, and named ${by}`, () => {
      const at = (value: number): ReturnType<typeof pressureOf> =>
        pressureOf({ ...IDLE, [field]: value }, LIVE_LIMIT, LOAD_LIMITS);
      assert.deepEqual(at(limit), { share: 1, by });
      assert.deepEqual(at(limit / 2), { share: 0.5, by });
    });
  }

  test('the highest counts, and more of anything never lowers it', () => {
    const share = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(share, share, share, share, share), share, fc.nat(4), (shares, more, which) => {
        const loadOf = (s: readonly number[]): Load => ({
          ...IDLE,
          live: (s[0] ?? 0) * LIVE_LIMIT,
          commitAgeMs: (s[1] ?? 0) * LOAD_LIMITS.commitAgeMs,
          loopLagMs: (s[2] ?? 0) * LOAD_LIMITS.loopLagMs,
          heapBytes: (s[3] ?? 0) * LOAD_LIMITS.heapShare * IDLE.heapLimitBytes,
          mailboxMessages: (s[4] ?? 0) * LOAD_LIMITS.mailboxMessages,
        });
        const before = pressureOf(loadOf(shares), LIVE_LIMIT, LOAD_LIMITS).share;
        assert.ok(Math.abs(before - Math.max(...shares)) < 1e-9);
        const after = shares.with(which, (shares[which] ?? 0) + more);
        assert.ok(pressureOf(loadOf(after), LIVE_LIMIT, LOAD_LIMITS).share >= before);
      }),
      { seed: 4820 },
    );
  });
});

describe('admission', () => {
  const kinds: PressureKind[] = ['live', 'commit', 'lag', 'heap', 'mailbox'];
  for (const by of kinds) {
    test(`at the limit of ${by} everybody is refused with 503 and a time`, () => {
      const verdict = admit('w', { share: 1, by }, runs({}));
      assert.ok(verdict.kind === 'refuse');
      assert.deepEqual([verdict.status, verdict.reason], [503, by]);
      assert.ok(verdict.retryAfterSeconds >= 1 && verdict.retryAfterSeconds <= 60);
    });
  }

  test('up to half of the limits everybody is taken on, however uneven', () => {
    assert.deepEqual(admit('a', { share: FAIR_FROM_SHARE, by: 'live' }, runs({ a: 9_000, b: 1 })), { kind: 'admit' });
  });

  test('above half a flood is refused with 429, and whoever has little is taken on', () => {
    const counts = runs({ flood: 790, small: 10 });
    const pressure = { share: 0.8, by: 'live' } as const;
    const verdict = admit('flood', pressure, counts);
    assert.ok(verdict.kind === 'refuse');
    assert.deepEqual([verdict.status, verdict.reason], [429, 'share']);
    assert.deepEqual(admit('small', pressure, counts), { kind: 'admit' });
    assert.deepEqual(admit('new', pressure, counts), { kind: 'admit' });
  });

  test('a workflow with few runs is never told that it has more than its share', () => {
    const counts = runs({ w: FAIR_FLOOR_RUNS - 1 });
    assert.deepEqual(admit('w', { share: 0.99, by: 'heap' }, counts), { kind: 'admit' });
  });
});

const counts = fc
  .array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 })
  .map((list) => new Map(list.map((count, index) => [`w${index}`, count])));

/** The level up to which all may fill a capacity, found by pouring: who needs less leaves the rest to the others. */
function waterLevel(demands: readonly number[], capacity: number): number {
  let left = capacity;
  const sorted = demands.toSorted((a, b) => a - b);
  for (const [index, demand] of sorted.entries()) {
    const level = left / (sorted.length - index);
    if (demand >= level) return level;
    left -= demand;
  }
  return Infinity;
}

describe('fair shares', () => {
  test('one more is within the share exactly when it stays under the max-min level', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 3_000 }), (liveOf, capacity) => {
        for (const [workflow, live] of [...liveOf, ['new', 0] as const]) {
          const wanted = live + 1;
          const others = [...liveOf].filter(([other]) => other !== workflow).map(([, count]) => count);
          const level = waterLevel([...others, Infinity], capacity);
          const expected = wanted <= FAIR_FLOOR_RUNS || wanted <= level + 1e-9;
          assert.equal(withinShare(workflow, liveOf, capacity), expected, `${workflow} of ${capacity}`);
        }
      }),
      { seed: 4821 },
    );
  });

  test('who has more than another is never taken on where the other is refused', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.51, max: 0.99, noNaN: true }), (liveOf, share) => {
        const verdicts = [...liveOf]
          .map(([workflow, live]) => ({
            live,
            admitted: admit(workflow, { share, by: 'live' }, liveOf).kind === 'admit',
          }))
          .sort((a, b) => a.live - b.live);
        const firstRefused = verdicts.findIndex(({ admitted }) => !admitted);
        if (firstRefused < 0) return;
        const limit = verdicts[firstRefused]?.live ?? 0;
        assert.ok(verdicts.slice(firstRefused).every(({ admitted, live }) => !admitted || live === limit));
      }),
      { seed: 4822 },
    );
  });
});

/** A member of so many places: in each round all floods try ten times to start, and some runs end. */
function flood(floods: number, rounds: number, late: number): { liveOf: Map<string, number>; refusedLate: number } {
  const liveOf = new Map<string, number>();
  const total = (): number => [...liveOf.values()].reduce((sum, count) => sum + count, 0);
  const attempt = (workflow: string): boolean => {
    const pressure = pressureOf({ ...IDLE, live: total() }, LIVE_LIMIT, LOAD_LIMITS);
    if (admit(workflow, pressure, liveOf).kind === 'refuse') return false;
    liveOf.set(workflow, (liveOf.get(workflow) ?? 0) + 1);
    return true;
  };
  let refusedLate = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < floods; index += 1)
      for (let tries = 0; tries < 10; tries += 1) attempt(`flood${index}`);
    if (round > rounds / 2) for (let each = 0; each < late; each += 1) if (!attempt('late')) refusedLate += 1;
    for (const [workflow, count] of liveOf) liveOf.set(workflow, count - Math.ceil(count / 50));
  }
  return { liveOf, refusedLate };
}

describe('a flood', () => {
  test('alone fills three quarters and leaves the rest for others', () => {
    const { liveOf } = flood(1, 1_000, 0);
    const live = liveOf.get('flood0') ?? 0;
    assert.ok(live <= LIVE_LIMIT * FAIR_CAPACITY_SHARE && live > LIVE_LIMIT * FAIR_CAPACITY_SHARE * 0.4, String(live));
  });

  for (const floods of [1, 3, 9]) {
    test(`of ${floods} does not lock out who comes late with little`, () => {
      assert.equal(flood(floods, 400, 1).refusedLate, 0);
    });
  }
});

describe('recoveries', () => {
  test('are not slowed down while there is room, and never stopped', () => {
    assert.equal(recoveryPauseMs({ share: 0, by: 'live' }), 0);
    assert.equal(recoveryPauseMs({ share: FAIR_FROM_SHARE, by: 'live' }), 0);
    assert.equal(recoveryPauseMs({ share: 1, by: 'live' }), RECOVERY_PAUSE_MS);
    assert.equal(recoveryPauseMs({ share: 9, by: 'live' }), RECOVERY_PAUSE_MS);
    assert.ok(recoveryPauseMs({ share: 0.75, by: 'live' }) > 0);
  });
});
