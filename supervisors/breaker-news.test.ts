import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seededRandom, SimulatedClock } from '#runtime';
import type { InspectionEvent } from '#runtime';
import { CLOSED } from './breaker.ts';
import type { BreakerPolicy, BreakerState } from './breaker.ts';
import { mergeVerdicts, newsOf, stateUnder, verdictOf } from './breaker-news.ts';
import type { BreakerNews, Verdict } from './breaker-news.ts';
import { createBreakers } from './breakers.ts';
import type { Breakers } from './breakers.ts';
import { PAUSE_MS_MAX, PROBE_GRACE_MS, VERDICT_RETOLD_MS } from './limits.ts';

const POLICY: BreakerPolicy = { failures: 2, windowMs: 60_000, coolDownMs: 10_000, probes: 1, successes: 1 };

const open = (era: number, by: string, at = 100): Verdict => ({
  kind: 'open',
  era,
  by,
  failures: 2,
  at,
  until: at + 10_000,
});
const closed = (era: number, by: string, at = 100): Verdict => ({
  kind: 'closed',
  era,
  by,
  failures: 0,
  at,
  until: at,
});

describe('own verdict × verdict of another member, on member "me"', () => {
  const grid: [string, Verdict | undefined, Verdict, ReturnType<typeof mergeVerdicts>][] = [
    ['none × open', undefined, open(1, 'x'), { kind: 'adopt', verdict: open(1, 'x') }],
    ['none × closed', undefined, closed(1, 'x'), { kind: 'adopt', verdict: closed(1, 'x') }],
    ['open × newer era, open', open(1, 'me'), open(2, 'x'), { kind: 'adopt', verdict: open(2, 'x') }],
    [
      'open × newer era, closed later',
      open(1, 'me'),
      closed(2, 'x', 200),
      { kind: 'adopt', verdict: closed(2, 'x', 200) },
    ],
    [
      'open by me × closed before it failed here',
      open(1, 'me'),
      closed(4, 'x', 50),
      { kind: 'refute', verdict: open(5, 'me') },
    ],
    [
      'open by another × closed before it',
      open(1, 'y'),
      closed(4, 'x', 50),
      { kind: 'adopt', verdict: closed(4, 'x', 50) },
    ],
    ['closed × newer era, open', closed(2, 'me'), open(3, 'x', 50), { kind: 'adopt', verdict: open(3, 'x', 50) }],
    ['closed × same era, open', closed(2, 'me'), open(2, 'a'), { kind: 'adopt', verdict: open(2, 'a') }],
    ['open × same era, closed', open(2, 'me'), closed(2, 'x'), { kind: 'outdated' }],
    [
      'open × same era, open by a greater name',
      open(2, 'me'),
      open(2, 'x', 50),
      { kind: 'adopt', verdict: open(2, 'x', 50) },
    ],
    ['open × same era, open by a lesser name', open(2, 'me'), open(2, 'a'), { kind: 'outdated' }],
    ['open × older era', open(2, 'me'), open(1, 'x'), { kind: 'outdated' }],
    ['closed × older era', closed(2, 'me'), open(1, 'x', 500), { kind: 'outdated' }],
    ['open × the same again', open(2, 'x'), open(2, 'x', 130), { kind: 'known' }],
    ['closed × the same again', closed(2, 'x'), closed(2, 'x', 130), { kind: 'known' }],
  ];
  for (const [name, own, other, merged] of grid) {
    test(`${name}: ${merged.kind}`, () => deepEqual(mergeVerdicts(own, other, 'me'), merged));
  }
});

describe('state × adopted verdict, on member "me"', () => {
  const half: BreakerState = { kind: 'halfOpen', probes: [90], successes: 0, failures: 2 };
  const failing: BreakerState = { kind: 'closed', failures: [80] };
  const opened: BreakerState = { kind: 'open', until: 400, failures: 3 };
  const grid: [string, BreakerState, Verdict, BreakerState][] = [
    ['closed × closed keeps its own failures', failing, closed(2, 'x'), failing],
    ['half open × closed', half, closed(2, 'x'), CLOSED],
    ['open × closed', opened, closed(2, 'x'), CLOSED],
    ['closed × open', failing, open(2, 'x'), { kind: 'open', until: 10_100 + PROBE_GRACE_MS, failures: 2 }],
    ['half open × open', half, open(2, 'x'), { kind: 'open', until: 10_100 + PROBE_GRACE_MS, failures: 2 }],
    ['open × open by me, told back', opened, open(2, 'me'), { kind: 'open', until: 10_100, failures: 2 }],
  ];
  for (const [name, before, verdict, after] of grid) {
    test(name, () => deepEqual(stateUnder(verdict, before, 'me'), after));
  }
});

describe('a verdict on its way', () => {
  test('is told in spans, so that clocks need not agree', () => {
    const news = newsOf('b', open(3, 'x', 100), 1_100);
    deepEqual(news, { breaker: 'b', state: 'open', era: 3, by: 'x', failures: 2, ageMs: 1_000, remainingMs: 9_000 });
    deepEqual(verdictOf(news, 70_000), { ...open(3, 'x'), at: 69_000, until: 79_000 });
  });

  test('has no cool-down left when it is over, and none when closed', () => {
    equal(newsOf('b', open(1, 'x'), 50_000).remainingMs, 0);
    equal(newsOf('b', closed(1, 'x'), 50).remainingMs, 0);
  });

  test('no sender keeps a breaker open for longer than any policy may', () => {
    const news = { ...newsOf('b', open(1, 'x'), 100), remainingMs: 1e12 };
    equal(verdictOf(news, 0).until, PAUSE_MS_MAX);
  });
});

interface Member {
  name: string;
  clock: SimulatedClock;
  breakers: Breakers;
  events: InspectionEvent[];
}

/** Members whose monotonic clocks stand anywhere; what each decides is handed to `said`. */
function company(names: readonly string[], said: (from: Member, news: BreakerNews) => void): Member[] {
  return names.map((name, index) => {
    const clock = new SimulatedClock(1_000_000);
    clock.advanceSync(index * 777_777);
    const events: InspectionEvent[] = [];
    const breakers = createBreakers({ clock, report: (event) => events.push(event), policy: POLICY, member: name });
    const member = { name, clock, breakers, events };
    breakers.watch((news) => said(member, news));
    return member;
  });
}

function pass(members: readonly Member[], ms: number): void {
  for (const { clock } of members) clock.advanceSync(ms);
}

const everybody = (): boolean => true;

describe('breakers of several members', () => {
  function three() {
    const members = company(['a', 'b', 'c'], (from, news) => {
      for (const other of members) if (other !== from) other.breakers.learn(news);
    });
    const [a, b, c] = members;
    ok(a && b && c);
    const fail = ({ breakers }: Member): void => {
      for (let count = 0; count < POLICY.failures; count += 1) breakers.record('host', 'failure');
    };
    return { members, a, b, c, fail };
  }

  test('one that opens is open for all, and each member reports it once', () => {
    const { members, a, fail } = three();
    fail(a);
    for (const { breakers, events } of members) {
      equal(breakers.admit('host').admitted, false);
      deepEqual(
        events.map(({ type }) => type),
        ['breaker.opened'],
      );
    }
  });

  test('the member that opened it probes first, and its good probe closes it for all', () => {
    const { members, a, b, c, fail } = three();
    fail(a);
    pass(members, POLICY.coolDownMs);
    equal(b.breakers.admit('host').admitted, false);
    equal(a.breakers.admit('host').admitted, true);
    equal(c.breakers.admit('host').admitted, false);
    a.breakers.record('host', 'ok');
    for (const { breakers } of members) equal(breakers.admit('host').admitted, true);
  });

  test('its bad probe keeps it open for all, for another cool-down', () => {
    const { members, a, b, fail } = three();
    fail(a);
    pass(members, POLICY.coolDownMs);
    a.breakers.admit('host');
    a.breakers.record('host', 'failure');
    pass(members, POLICY.coolDownMs - 1);
    for (const { breakers } of members) equal(breakers.admit('host').admitted, false);
    pass(members, 1 + PROBE_GRACE_MS);
    equal(b.breakers.admit('host').admitted, true);
  });

  test('where the one that opened it has nothing to call, another one probes a little later', () => {
    const { members, b, c, fail, a } = three();
    fail(a);
    pass(members, POLICY.coolDownMs + PROBE_GRACE_MS);
    equal(b.breakers.admit('host').admitted, true);
    b.breakers.record('host', 'ok');
    equal(c.breakers.admit('host').admitted, true);
    equal(a.breakers.admit('host').admitted, true);
  });

  test('a closing that was decided before it failed here does not close it: it is refuted', () => {
    const told: BreakerNews[] = [];
    const [a] = company(['a'], (_, news) => told.push(news));
    ok(a);
    pass([a], 5_000);
    for (const _ of [1, 2]) a.breakers.record('host', 'failure');
    const closing = {
      breaker: 'host',
      state: 'closed',
      era: 6,
      by: 'z',
      failures: 0,
      ageMs: 3_000,
      remainingMs: 0,
    } as const;
    const answer = a.breakers.learn(closing);
    equal(a.breakers.admit('host').admitted, false);
    deepEqual([answer?.state, answer?.era, answer?.by], ['open', 7, 'a']);
    deepEqual(told.at(-1), answer);
    equal(a.breakers.learn({ ...closing, era: 8, ageMs: 0, by: 'z' }), undefined);
    equal(a.breakers.admit('host').admitted, true, 'decided at the same moment, it is not older');
  });

  test('whoever tells an old verdict is answered with the newer one', () => {
    const { a, b, fail } = three();
    fail(a);
    const [opening] = a.breakers.news(everybody);
    ok(opening);
    pass([a, b], POLICY.coolDownMs);
    a.breakers.admit('host');
    a.breakers.record('host', 'ok');
    deepEqual(b.breakers.learn(opening), newsOf('host', { ...closed(2, 'a'), at: 0, until: 0 }, 0));
    equal(b.breakers.admit('host').admitted, true);
  });

  test('each member tells its own verdicts again; those of one that is gone are told by all', () => {
    const { a, b, fail } = three();
    fail(a);
    equal(a.breakers.news(everybody).length, 1);
    deepEqual(b.breakers.news(everybody), []);
    equal(b.breakers.news((member) => member !== 'a')[0]?.by, 'a');
  });

  test('a verdict that everybody can find out alone is told no more', () => {
    const { members, a, fail } = three();
    fail(a);
    pass(members, POLICY.coolDownMs + VERDICT_RETOLD_MS - 1);
    equal(a.breakers.news(everybody).length, 1);
    pass(members, 1);
    deepEqual(a.breakers.news(everybody), []);
  });

  test('verdicts are bounded, closed ones go first', () => {
    const clock = new SimulatedClock();
    const breakers = createBreakers({ clock, report: () => {}, policy: POLICY, limit: 3, member: 'a' });
    const told = (breaker: string, state: 'open' | 'closed'): void =>
      void breakers.learn({ breaker, state, era: 1, by: 'z', failures: 0, ageMs: 0, remainingMs: 5_000 });
    told('x', 'open');
    told('y', 'closed');
    for (const key of ['u', 'v']) told(key, 'open');
    deepEqual(
      breakers.news(() => false).map(({ breaker }) => breaker),
      ['x', 'u', 'v'],
    );
  });
});

describe('for any calls, losses, repetitions and delays', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('ok', 'failure'), member: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.nat(8_000) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver') }) },
  );

  test('all members agree after one round in which everything is told again and arrives', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.nat(), (actions, seed) => {
        const random = seededRandom(seed);
        const onTheWay: { to: Member; news: BreakerNews }[] = [];
        const send = (from: Member, news: BreakerNews): void => {
          for (const to of members) {
            if (to === from) continue;
            const copies = random.next() < 0.4 ? 0 : random.next() < 0.3 ? 2 : 1;
            for (let copy = 0; copy < copies; copy += 1) onTheWay.push({ to, news });
          }
        };
        const members = company(['a', 'b', 'c', 'd'], send);
        const arrive = (): void => {
          const [letter] = onTheWay.splice(Math.floor(random.next() * onTheWay.length), 1);
          letter?.to.breakers.learn(letter.news);
        };
        for (const step of actions) {
          if (step.do === 'pass') pass(members, 'ms' in step ? step.ms : 0);
          else if (step.do === 'deliver') arrive();
          else {
            const member = members['member' in step ? step.member : 0];
            if (member?.breakers.admit('host').admitted)
              member.breakers.record('host', step.do === 'ok' ? 'ok' : 'failure');
          }
        }
        while (onTheWay.length > 0) arrive();
        settle(members);
        const kinds = members.map(({ breakers }) => breakers.snapshot().find(({ breaker }) => breaker === 'host'));
        const isOpen = kinds.map((row) => row !== undefined && row.state !== 'closed');
        equal(new Set(isOpen).size, 1, JSON.stringify(kinds));
        const again = members.flatMap((from) =>
          from.breakers.news(everybody).flatMap((news) => members.flatMap((to) => to.breakers.learn(news) ?? [])),
        );
        deepEqual(again, [], 'nobody has anything to teach');
      }),
      { seed: 404, numRuns: 400 },
    );
  });

  /** One period: everybody tells what there is to tell again, answers go back, refutations go out. */
  function settle(members: readonly Member[]): void {
    const queue: { to: Member; from: Member; news: BreakerNews }[] = [];
    const stop = members.map((from) =>
      from.breakers.watch((news) => {
        for (const to of members) if (to !== from) queue.push({ to, from, news });
      }),
    );
    for (const from of members) {
      for (const news of from.breakers.news(everybody))
        for (const to of members) if (to !== from) queue.push({ to, from, news });
    }
    for (let letter = queue.shift(); letter; letter = queue.shift()) {
      const answer = letter.to.breakers.learn(letter.news);
      if (answer) queue.push({ to: letter.from, from: letter.to, news: answer });
      ok(queue.length < 10_000);
    }
    for (const leave of stop) leave();
  }
});
