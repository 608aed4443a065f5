import { deepEqual, equal, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SimulatedClock } from '#runtime';
import type { InspectionEvent } from '#runtime';
import { admit, checkBreakerPolicy, CLOSED, recordResult } from './breaker.ts';
import type { Admission, BreakerPolicy, BreakerState } from './breaker.ts';
import { createBreakers } from './breakers.ts';

const POLICY: BreakerPolicy = { failures: 3, windowMs: 1000, coolDownMs: 500, probes: 1, successes: 2 };

describe('state × question at time 100', () => {
  const open: BreakerState = { kind: 'open', until: 200, failures: 3 };
  const half = (...probes: number[]): BreakerState => ({ kind: 'halfOpen', probes, successes: 1, failures: 3 });
  const grid: [string, BreakerState, Admission, BreakerState][] = [
    ['closed', CLOSED, { kind: 'pass' }, CLOSED],
    [
      'closed with failures',
      { kind: 'closed', failures: [1, 2] },
      { kind: 'pass' },
      { kind: 'closed', failures: [1, 2] },
    ],
    ['open before its time', open, { kind: 'reject', retryAt: 200 }, open],
    [
      'open at its time',
      { ...open, until: 100 },
      { kind: 'probe' },
      { kind: 'halfOpen', probes: [100], successes: 0, failures: 3 },
    ],
    ['half open without a probe', half(), { kind: 'probe' }, half(100)],
    ['half open with its probe away', half(90), { kind: 'reject', retryAt: 590 }, half(90)],
    ['half open with a probe that was lost', half(-400), { kind: 'probe' }, half(100)],
  ];
  for (const [name, before, admission, after] of grid) {
    test(`${name}: ${JSON.stringify(admission)}`, () => {
      deepEqual(admit(POLICY, before, 100), [after, admission]);
    });
  }
});

describe('state × result at time 100', () => {
  const open: BreakerState = { kind: 'open', until: 200, failures: 3 };
  const half: BreakerState = { kind: 'halfOpen', probes: [50], successes: 0, failures: 3 };
  const grid: [string, BreakerState, 'ok' | 'failure', BreakerState][] = [
    ['closed', CLOSED, 'ok', CLOSED],
    ['closed', CLOSED, 'failure', { kind: 'closed', failures: [100] }],
    ['closed with two failures', { kind: 'closed', failures: [1, 2] }, 'ok', { kind: 'closed', failures: [2] }],
    [
      'closed with two failures',
      { kind: 'closed', failures: [1, 2] },
      'failure',
      { kind: 'open', until: 600, failures: 3 },
    ],
    [
      'closed with old failures',
      { kind: 'closed', failures: [-950, -900] },
      'failure',
      { kind: 'closed', failures: [100] },
    ],
    ['open', open, 'ok', open],
    ['open', open, 'failure', open],
    ['half open', half, 'ok', { ...half, successes: 1, probes: [] }],
    ['half open, one short of closing', { ...half, successes: 1 }, 'ok', CLOSED],
    ['half open', half, 'failure', { kind: 'open', until: 600, failures: 4 }],
  ];
  for (const [name, before, result, after] of grid) {
    test(`${name} × ${result}: ${after.kind}`, () => {
      deepEqual(recordResult(POLICY, before, result, 100), after);
    });
  }
});

describe('a breaker over time', () => {
  test('as many probes as allowed are away at once', () => {
    const policy = { ...POLICY, probes: 2 };
    let state: BreakerState = { kind: 'open', until: 0, failures: 3 };
    const answers: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const [next, admission] = admit(policy, state, 0);
      state = next;
      answers.push(admission.kind);
    }
    deepEqual(answers, ['probe', 'probe', 'reject']);
  });

  test('for any calls: rejects only say times to come, opens only by failures, never hangs half open', () => {
    const call = fc.record({ gap: fc.nat(400), result: fc.constantFrom('ok', 'failure', 'lost' as const) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
        let state: BreakerState = CLOSED;
        let now = 0;
        for (const { gap, result } of calls) {
          now += gap;
          const [admitted, admission]: [BreakerState, Admission] = admit(POLICY, state, now);
          state = admitted;
          if (admission.kind === 'reject') {
            equal(admission.retryAt > now && admission.retryAt <= now + POLICY.coolDownMs, true);
            equal(admit(POLICY, state, admission.retryAt)[1].kind, 'probe');
            continue;
          }
          if (result === 'lost') continue;
          const before = state.kind;
          state = recordResult(POLICY, state, result, now);
          if (state.kind === 'open' && before !== 'open') equal(result, 'failure');
        }
      }),
      { seed: 911 },
    );
  });

  for (const [field, bad] of Object.entries({
    failures: { ...POLICY, failures: 0 },
    windowMs: { ...POLICY, windowMs: 0 },
    coolDownMs: { ...POLICY, coolDownMs: 3_600_001 },
    probes: { ...POLICY, probes: 101 },
    successes: { ...POLICY, successes: 0.5 },
  })) {
    test(`a policy with a bad ${field} is refused by name`, () => {
      throws(
        () => checkBreakerPolicy(bad),
        ({ code, message }) => code === 'SUPERVISION_INVALID' && message.startsWith(field),
      );
    });
  }
});

describe('the registry of breakers', () => {
  function setUp(limit?: number) {
    const clock = new SimulatedClock(1_000_000);
    const events: InspectionEvent[] = [];
    const options = { clock, report: (event: InspectionEvent) => void events.push(event), policy: POLICY };
    const breakers = createBreakers(limit === undefined ? options : { ...options, limit });
    const fail = (key: string, times: number): void => {
      for (let count = 0; count < times; count += 1) breakers.record(key, 'failure');
    };
    return { clock, events, breakers, fail };
  }

  test('breakers of different keys know nothing of each other', () => {
    const { breakers, fail } = setUp();
    fail('a/http', 3);
    equal(breakers.admit('a/http').admitted, false);
    equal(breakers.admit('b/http').admitted, true);
  });

  test('tells when the next call may be tried, by the wall clock', () => {
    const { breakers, clock, fail } = setUp();
    clock.advanceSync(70);
    fail('a', 3);
    deepEqual(breakers.admit('a'), { admitted: false, retryAt: 1_000_000 + 70 + 500 });
  });

  test('reports opened, halfOpen and closed, once each', () => {
    const { breakers, clock, events, fail } = setUp();
    fail('a', 4);
    breakers.admit('a');
    clock.advanceSync(500);
    for (let count = 0; count < 2; count += 1) {
      equal(breakers.admit('a').admitted, true);
      equal(breakers.admit('a').admitted, false);
      breakers.record('a', 'ok');
    }
    equal(breakers.admit('a').admitted, true);
    deepEqual(events, [
      { type: 'breaker.opened', breaker: 'a', failures: 3, nextProbeAt: 1_000_500 },
      { type: 'breaker.halfOpen', breaker: 'a', failures: 3 },
      { type: 'breaker.closed', breaker: 'a', failures: 0 },
    ]);
  });

  test('shows those with something to tell, by key', () => {
    const { breakers, fail } = setUp();
    breakers.admit('quiet');
    fail('b', 1);
    fail('a', 3);
    deepEqual(breakers.snapshot(), [
      { breaker: 'a', state: 'open', failures: 3, nextProbeAt: 1_000_500 },
      { breaker: 'b', state: 'closed', failures: 1 },
    ]);
  });

  test('keeps a bounded number: the closed one used longest ago goes first, open ones last', () => {
    const { breakers, fail } = setUp(3);
    fail('open', 3);
    for (const key of ['old', 'newer']) fail(key, 1);
    breakers.admit('old');
    fail('newest', 1);
    deepEqual(
      breakers.snapshot().map(({ breaker }) => breaker),
      ['newest', 'old', 'open'],
    );
    for (const key of ['newest', 'old', 'last']) fail(key, 3);
    equal(breakers.snapshot().length, 3);
    equal(
      breakers.snapshot().some(({ breaker }) => breaker === 'open'),
      false,
    );
  });

  test('forgets what is closed without failures', () => {
    const { breakers, fail } = setUp();
    fail('a', 1);
    breakers.record('a', 'ok');
    deepEqual(breakers.snapshot(), []);
  });

  test('checks its policy and limit when made', () => {
    const { clock } = setUp();
    const report = (): void => undefined;
    throws(() => createBreakers({ clock, report, policy: { failures: 0 } }), { code: 'SUPERVISION_INVALID' });
    throws(() => createBreakers({ clock, report, limit: 0 }), { code: 'SUPERVISION_INVALID' });
  });
});
