import { deepEqual, doesNotThrow, equal, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '#runtime';
import { backoffMs, checkBackoff } from './backoff.ts';
import { TRACKED_CHILDREN } from './limits.ts';
import { forgetChild, newRestartTracker, onChildCrash, restartsUsed } from './restart-tracker.ts';
import { checkBudget, inWindow, spendRestart } from './restart-window.ts';
import { decide, restartsAfter } from './strategy.ts';
import type { Ranked, RestartType, Strategy } from './strategy.ts';

const TYPES = ['permanent', 'transient', 'temporary'] as const;
const REASONS = ['normal', 'stopped', 'crashed'] as const;
const STRATEGIES = ['one_for_one', 'rest_for_one', 'one_for_all'] as const;

describe('restart type × exit reason', () => {
  const grid: Record<RestartType, Record<(typeof REASONS)[number], boolean>> = {
    permanent: { normal: true, stopped: true, crashed: true },
    transient: { normal: false, stopped: false, crashed: true },
    temporary: { normal: false, stopped: false, crashed: false },
  };
  for (const type of TYPES) {
    for (const reason of REASONS) {
      test(`${type} × ${reason}: ${grid[type][reason] ? 'restart' : 'forget'}`, () => {
        equal(restartsAfter(type, reason), grid[type][reason]);
      });
    }
  }
});

describe('strategy × restart type × exit reason, for the second of three children', () => {
  const groups: Record<Strategy, { stop: string[]; start: string[] }> = {
    one_for_one: { stop: [], start: ['b'] },
    rest_for_one: { stop: ['c'], start: ['b', 'c'] },
    one_for_all: { stop: ['c', 'a'], start: ['a', 'b', 'c'] },
  };
  for (const strategy of STRATEGIES) {
    for (const type of TYPES) {
      for (const reason of REASONS) {
        const restarts = restartsAfter(type, reason);
        test(`${strategy} × ${type} × ${reason}: ${restarts ? JSON.stringify(groups[strategy]) : 'forget'}`, () => {
          const ended = { name: 'b', restart: type };
          const children = [{ name: 'a', restart: 'permanent' }, ended, { name: 'c', restart: 'transient' }] as const;
          const expected = restarts ? { kind: 'restart', ...groups[strategy] } : { kind: 'forget' };
          deepEqual(decide(strategy, children, ended, reason), expected);
        });
      }
    }
  }

  test('temporary siblings are stopped with the group and do not come back', () => {
    const ended = { name: 'a', restart: 'permanent' } as const;
    const children = [ended, { name: 'b', restart: 'temporary' }, { name: 'c', restart: 'permanent' }] as const;
    const expected = { kind: 'restart', stop: ['c', 'b'], start: ['a', 'c'] };
    deepEqual(decide('one_for_all', children, ended, 'crashed'), expected);
    deepEqual(decide('rest_for_one', children, ended, 'crashed'), expected);
  });

  test('for any children: the ended one starts and is not stopped, stops go right to left, starts left to right', () => {
    const child = fc.constantFrom(...TYPES);
    fc.assert(
      fc.property(
        fc.array(child, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.constantFrom(...STRATEGIES),
        (types, pick, strategy) => {
          const children: Ranked[] = types.map((restart, index) => ({ name: `${index}`, restart }));
          const ended = children[pick % children.length] ?? { name: '0', restart: 'permanent' };
          const decision = decide(strategy, children, ended, 'crashed');
          if (decision.kind === 'forget') return equal(ended.restart, 'temporary');
          equal(decision.start.includes(ended.name), true);
          equal(decision.stop.includes(ended.name), false);
          deepEqual(
            decision.start,
            decision.start.toSorted((a, b) => Number(a) - Number(b)),
          );
          deepEqual(
            decision.stop,
            decision.stop.toSorted((a, b) => Number(b) - Number(a)),
          );
        },
      ),
      { seed: 815 },
    );
  });
});

describe('the restart window', () => {
  const budget = { restarts: 2, windowMs: 1000 };

  test('allows so many restarts and not one more', () => {
    const first = spendRestart([], 0, budget);
    const second = spendRestart(first.window, 10, budget);
    const third = spendRestart(second.window, 20, budget);
    deepEqual(
      [first, second, third].map(({ used, within }) => [used, within]),
      [
        [1, true],
        [2, true],
        [3, false],
      ],
    );
  });

  test('a restart counts until exactly windowMs later', () => {
    deepEqual(inWindow([0], 999, budget), [0]);
    deepEqual(inWindow([0], 1000, budget), []);
  });

  test('a budget of none refuses the first restart', () => {
    equal(spendRestart([], 0, { restarts: 0, windowMs: 1000 }).within, false);
  });

  test('never allows more than the budget in any stretch of the window, whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 60 }), (gaps) => {
        let window: readonly number[] = [];
        let now = 0;
        const granted: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const spent = spendRestart(window, now, budget);
          if (!spent.within) continue;
          window = spent.window;
          granted.push(now);
        }
        for (const at of granted) {
          equal(granted.filter((other) => other >= at && other - at < budget.windowMs).length <= budget.restarts, true);
        }
      }),
      { seed: 816 },
    );
  });

  for (const [field, bad] of [
    ['restarts', { restarts: -1, windowMs: 1 }],
    ['restarts', { restarts: 1.5, windowMs: 1 }],
    ['restarts', { restarts: 1001, windowMs: 1 }],
    ['windowMs', { restarts: 1, windowMs: 0 }],
    ['windowMs', { restarts: 1, windowMs: 86_400_001 }],
    ['windowMs', { restarts: 1, windowMs: NaN }],
  ] as const) {
    test(`refuses ${JSON.stringify(bad)} and names ${field}`, () => {
      throws(
        () => checkBudget(bad),
        ({ code, message }) => code === 'SUPERVISION_INVALID' && message.startsWith(field),
      );
    });
  }
});

describe('backoff', () => {
  const policy = { firstMs: 100, capMs: 1000 };
  const most = { next: () => 1 - Number.EPSILON, hex: () => '' };

  test('its ceiling doubles with every restart up to the cap', () => {
    deepEqual(
      [1, 2, 3, 4, 5, 60].map((restart) => backoffMs(policy, restart, most)),
      [100, 200, 400, 800, 1000, 1000],
    );
  });

  test('the pause is any whole part of the ceiling, from none to all of it', () => {
    const random = seededRandom(5);
    const drawn = Array.from({ length: 2000 }, () => backoffMs(policy, 2, random));
    equal(
      drawn.every((ms) => Number.isInteger(ms) && ms >= 0 && ms <= 200),
      true,
    );
    equal(Math.min(...drawn) < 5 && Math.max(...drawn) > 195, true);
  });

  test('a first pause of 0 is no pause', () => {
    equal(backoffMs({ firstMs: 0, capMs: 0 }, 9, most), 0);
  });

  for (const bad of [
    { firstMs: -1, capMs: 5 },
    { firstMs: 1, capMs: 3_600_001 },
    { firstMs: 10, capMs: 9 },
    { firstMs: 0.5, capMs: 1 },
  ]) {
    test(`refuses ${JSON.stringify(bad)}`, () => {
      throws(() => checkBackoff(bad), { code: 'SUPERVISION_INVALID' });
    });
  }
});

describe('the restart tracker', () => {
  const random = seededRandom(3);

  test('each child has a budget of its own', () => {
    const tracker = newRestartTracker({ restarts: 1, windowMs: 1000 });
    equal(onChildCrash(tracker, 'a', 0, random).kind, 'restart');
    equal(onChildCrash(tracker, 'b', 0, random).kind, 'restart');
    deepEqual(onChildCrash(tracker, 'a', 1, random), { kind: 'quarantine', used: 2, allowed: 1 });
  });

  test('says how many restarts are used and how long to wait', () => {
    const tracker = newRestartTracker({ restarts: 3, windowMs: 1000, backoff: { firstMs: 100, capMs: 100 } });
    const verdicts = [0, 100, 200].map((now) => onChildCrash(tracker, 'a', now, random));
    for (const [index, verdict] of verdicts.entries()) {
      equal(verdict.kind, 'restart');
      if (verdict.kind !== 'restart') continue;
      deepEqual([verdict.used, verdict.allowed], [index + 1, 3]);
      equal(verdict.afterMs >= 0 && verdict.afterMs <= 100, true);
    }
    equal(restartsUsed(tracker, 'a', 1050), 2);
  });

  test('escalates instead when told so', () => {
    const tracker = newRestartTracker({ restarts: 0, windowMs: 1000, overBudget: 'escalate' });
    deepEqual(onChildCrash(tracker, 'a', 0, random), { kind: 'escalate', used: 1, allowed: 0 });
  });

  test('counts afresh after quarantine, after forgetting and after the window', () => {
    const tracker = newRestartTracker({ restarts: 1, windowMs: 1000 });
    const crash = (now: number): string => onChildCrash(tracker, 'a', now, random).kind;
    deepEqual([crash(0), crash(1), crash(2)], ['restart', 'quarantine', 'restart']);
    forgetChild(tracker, 'a');
    deepEqual([crash(3), crash(1003), crash(1004)], ['restart', 'restart', 'quarantine']);
  });

  test('remembers a bounded number of children; those with the oldest crashes go first', () => {
    const tracker = newRestartTracker({ restarts: 1, windowMs: 86_400_000 });
    for (let index = 0; index <= TRACKED_CHILDREN; index += 1) onChildCrash(tracker, `c${index}`, index, random);
    equal(tracker.windows.size, TRACKED_CHILDREN);
    equal(restartsUsed(tracker, 'c0', TRACKED_CHILDREN), 0);
    equal(restartsUsed(tracker, 'c1', TRACKED_CHILDREN), 1);
  });

  test('drops all whose window is over once there are too many', () => {
    const tracker = newRestartTracker({ restarts: 1, windowMs: 1000 });
    for (let index = 0; index < TRACKED_CHILDREN; index += 1)
      onChildCrash(tracker, `c${index}`, index < 10 ? 900 : 0, random);
    onChildCrash(tracker, 'new', 1500, random);
    equal(tracker.windows.size <= TRACKED_CHILDREN, true);
    equal(restartsUsed(tracker, 'new', 1500), 1);
  });

  test('checks its policy when made', () => {
    throws(() => newRestartTracker({ restarts: -1, windowMs: 1000 }), { code: 'SUPERVISION_INVALID' });
    throws(() => newRestartTracker({ restarts: 1, windowMs: 1, backoff: { firstMs: 2, capMs: 1 } }), {
      code: 'SUPERVISION_INVALID',
    });
    doesNotThrow(() => newRestartTracker({ restarts: 0, windowMs: 1 }));
  });
});
