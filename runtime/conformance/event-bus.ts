import { deepEqual, equal, fail, ok, rejects } from 'node:assert/strict';
import type { BusSubscription, EventBus, OutboxEvent } from '../ports/index.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';
import { unique } from './journal-fixture.ts';

/**
 * What a bus gives to be held to its contract: made afresh for each case. A refused event is to be tried again soon
 * and parked after `attempts` tries. `until` lets time pass until the condition holds, or fails.
 */
export interface BusFixture {
  readonly bus: EventBus;
  /** Tries of one event before it is parked. */
  readonly attempts: number;
  until(condition: () => boolean): Promise<void>;
  /** Lets `ms` pass for the bus. */
  elapse(ms: number): Promise<void>;
  dispose?: () => Promise<void>;
}

/** The contract of the event bus as cases. Groups and aggregates are fresh in each, so a shared broker will do. */
export function eventBusConformance(make: () => Promise<BusFixture>): ConformanceCase[] {
  return casesOf(make, { ...routing, ...ordering, ...refusing, ...ending });
}

type Rules = Record<string, (fixture: BusFixture) => Promise<void>>;
type More = Omit<Partial<BusSubscription>, 'handle'> & { refuse?: (event: OutboxEvent) => boolean };

/** A name of letters, digits and `-`, as types and groups are. */
function fresh(prefix: string): string {
  return unique(prefix).replaceAll('.', '-');
}

/** An event of a type of its own, so that nobody else's events are seen. */
function eventOf(type: string, aggregateId: string, payload: OutboxEvent['payload'] = {}): OutboxEvent {
  const metadata = { traceId: 'ab'.repeat(16), correlationId: 'c1' };
  const body = { aggregateType: 'test', timestamp: 1_000, userId: 'u1', version: 1, payload, metadata };
  return { id: unique('event'), type, aggregateId, ...body };
}

function events(type: string, aggregateId: string, count: number): OutboxEvent[] {
  return Array.from({ length: count }, (_, index) => eventOf(type, aggregateId, { index }));
}

function idsOf(list: readonly { id: string }[]): string[] {
  return list.map(({ id }) => id);
}

/** A subscriber that keeps what it took, and every id it was offered. */
async function listen(bus: EventBus, pattern: string, more: More = {}): Promise<Heard> {
  const heard: Heard = { taken: [], offered: [], close: async () => {} };
  const { refuse, ...rest } = more;
  const handle = (event: OutboxEvent): void => {
    heard.offered.push(event.id);
    if (refuse?.(event)) throw new TypeError(`no ${event.id}`);
    heard.taken.push(event);
  };
  const subscription = await bus.subscribe({ patterns: [pattern], ...rest, handle });
  heard.close = () => subscription.close();
  return heard;
}

interface Heard {
  readonly taken: OutboxEvent[];
  readonly offered: string[];
  close(): Promise<void>;
}

const PATTERNS: readonly [pattern: string, suffix: string, matches: boolean][] = [
  ['a.b', 'a.b', true],
  ['a.b', 'a.c', false],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*', 'a.b.c', false],
  ['*.b', 'a.b', true],
  ['a.#', 'a', true],
  ['a.#', 'a.b.c', true],
  ['#.c', 'a.b.c', true],
];

const routing: Rules = {
  'an event arrives as it was published, whatever is in it': async ({ bus, until }) => {
    const type = fresh('type');
    const heard = await listen(bus, type);
    const event = eventOf(type, 'a', { text: 'NUL \u0000, "quote", 🎭', list: [1, null, { deep: true }] });
    await bus.publish([event]);
    await until(() => heard.taken.length > 0);
    deepEqual(heard.taken, [event]);
  },
  'it goes to those whose pattern matches its type, and to no others': async ({ bus, until }) => {
    const prefix = fresh('p');
    const heard = await Promise.all(PATTERNS.map(([pattern]) => listen(bus, `${prefix}.${pattern}`)));
    const last = eventOf(`${prefix}.last`, 'a');
    const all = await listen(bus, `${prefix}.#`);
    const sent = PATTERNS.map(([, suffix]) => eventOf(`${prefix}.${suffix}`, 'a'));
    await bus.publish([...sent, last]);
    await until(() => all.taken.some(({ id }) => id === last.id));
    for (const [index, [pattern, suffix, matches]] of PATTERNS.entries()) {
      const id = sent[index]?.id ?? '';
      if (matches) await until(() => heard[index]?.offered.includes(id) === true);
      else equal(heard[index]?.offered.includes(id), false, `${pattern} and ${suffix}`);
    }
  },
  'each group gets each event, and in a group one member gets it': async ({ bus, until }) => {
    const type = fresh('type');
    const [one, other] = [fresh('group'), fresh('group')];
    const heard = [
      await listen(bus, type, { group: one }),
      await listen(bus, type, { group: one }),
      await listen(bus, type, { group: other }),
    ] as const;
    const sent = events(type, 'a', 20);
    await bus.publish(sent);
    await until(() => heard[2].taken.length >= 20 && heard[0].taken.length + heard[1].taken.length >= 20);
    deepEqual(idsOf(heard[2].taken), idsOf(sent));
    deepEqual(idsOf([...heard[0].taken, ...heard[1].taken]).toSorted(), idsOf(sent).toSorted());
  },
  'an event id is handled once by a group, however often it is published': async ({ bus, until }) => {
    const type = fresh('type');
    const heard = await listen(bus, type, { group: fresh('group') });
    const [first, second] = [eventOf(type, 'a'), eventOf(type, 'a')];
    await bus.publish([first, first]);
    await bus.publish([first, second]);
    await until(() => heard.taken.some(({ id }) => id === second.id));
    deepEqual(idsOf(heard.taken), [first.id, second.id]);
  },
  'events wait for a group while none of it is there': async ({ bus, until }) => {
    const [type, group] = [fresh('type'), fresh('group')];
    await (await listen(bus, type, { group })).close();
    const sent = events(type, 'a', 3);
    await bus.publish(sent);
    const heard = await listen(bus, type, { group });
    await until(() => heard.taken.length >= 3);
    deepEqual(idsOf(heard.taken), idsOf(sent));
  },
  'without a group a subscriber hears what is published while it lives': async ({ bus, until }) => {
    const type = fresh('type');
    const gone = await listen(bus, type);
    await gone.close();
    await bus.publish([eventOf(type, 'a')]);
    const heard = await listen(bus, type);
    const event = eventOf(type, 'a');
    await bus.publish([event]);
    await until(() => heard.taken.length > 0);
    deepEqual([idsOf(heard.taken), gone.taken], [[event.id], []]);
  },
};

const ordering: Rules = {
  'events of one aggregate come in order, also while some are refused at first': async ({ bus, until }) => {
    const type = fresh('type');
    const refusedOnce = new Set<string>();
    const refuse = ({ id, payload }: OutboxEvent): boolean => {
      if (Number(payload['index']) % 3 !== 0 || refusedOnce.has(id)) return false;
      refusedOnce.add(id);
      return true;
    };
    const heard = await listen(bus, type, { group: fresh('group'), refuse });
    const [one, other] = [events(type, 'one', 10), events(type, 'other', 10)];
    await bus.publish(one.flatMap((event, index) => [event, other[index] ?? event]));
    await until(() => heard.taken.length >= 20);
    for (const [key, sent] of Object.entries({ one, other })) {
      deepEqual(idsOf(heard.taken.filter(({ aggregateId }) => aggregateId === key)), idsOf(sent));
    }
  },
  'an aggregate that is held up holds up no other': async ({ bus, until }) => {
    const type = fresh('type');
    let firm = true;
    const refuse = ({ aggregateId }: OutboxEvent): boolean => firm && aggregateId === 'stuck';
    const heard = await listen(bus, type, { group: fresh('group'), refuse });
    const [stuck, behind, free] = [eventOf(type, 'stuck'), eventOf(type, 'stuck'), eventOf(type, 'free')];
    await bus.publish([stuck, behind, free]);
    await until(() => heard.taken.length > 0);
    deepEqual(idsOf(heard.taken), [free.id]);
    equal(heard.offered.includes(behind.id), false);
    firm = false;
    await until(() => heard.taken.length >= 3);
    deepEqual(idsOf(heard.taken), [free.id, stuck.id, behind.id]);
  },
  'whoever takes over from a member of its group goes on in order': async ({ bus, until }) => {
    const [type, group] = [fresh('type'), fresh('group')];
    const sent = events(type, 'a', 30);
    const first = await listen(bus, type, { group });
    const second = await listen(bus, type, { group });
    await bus.publish(sent.slice(0, 15));
    await until(() => first.taken.length + second.taken.length > 0);
    await first.close();
    await bus.publish(sent.slice(15));
    await until(() => idsOf([...first.taken, ...second.taken]).includes(sent.at(-1)?.id ?? ''));
    // At least once: what the first had taken without being able to say so comes again.
    const order = (heard: Heard): number[] => heard.taken.map(({ payload }) => Number(payload['index']));
    for (const heard of [first, second])
      deepEqual(
        order(heard),
        order(heard).toSorted((a, b) => a - b),
      );
    equal(new Set(idsOf([...first.taken, ...second.taken])).size, 30);
  },
};

async function parkOne(
  fixture: BusFixture,
): Promise<{ heard: Heard; group: string; poison: OutboxEvent; heal(): void }> {
  const { bus, until } = fixture;
  const [type, group] = [fresh('type'), fresh('group')];
  const poison = eventOf(type, 'a');
  let sick = true;
  const heard = await listen(bus, type, { group, refuse: ({ id }) => sick && id === poison.id });
  const next = eventOf(type, 'a');
  await bus.publish([poison, next]);
  await until(() => heard.taken.length > 0);
  deepEqual(idsOf(heard.taken), [next.id]);
  await waitParked(fixture, group, 1);
  return { heard, group, poison, heal: () => (sick = false) };
}

const refusing: Rules = {
  'an event refused too often is parked with its tries and the reason; the next of its aggregate goes on': async (
    fixture,
  ) => {
    const { heard, group, poison } = await parkOne(fixture);
    equal(heard.offered.filter((id) => id === poison.id).length, fixture.attempts);
    const [parked, ...rest] = await fixture.bus.parked(group, 10);
    deepEqual(rest, []);
    deepEqual([parked?.event, parked?.group, parked?.attempts], [poison, group, fixture.attempts]);
    equal(parked?.reason, `no ${poison.id}`);
    ok((parked?.parkedAt ?? 0) > 0);
  },
  'looking at parked events leaves them there': async (fixture) => {
    const { group } = await parkOne(fixture);
    const first = await fixture.bus.parked(group, 10);
    equal(first.length, 1);
    deepEqual(await fixture.bus.parked(group, 10), first);
    deepEqual(await fixture.bus.parked(group, 0), []);
  },
  'what is replayed goes to its group again, and is parked no more': async (fixture) => {
    const { heard, group, poison, heal } = await parkOne(fixture);
    heal();
    equal(await fixture.bus.replay(group, ['another']), 0);
    equal(await fixture.bus.replay(group, [poison.id]), 1);
    await fixture.until(() => heard.taken.length >= 2);
    equal(heard.taken[1]?.id, poison.id);
    deepEqual(await fixture.bus.parked(group, 10), []);
    equal(await fixture.bus.replay(group), 0);
  },
  'without ids all are replayed, in the order in which they were parked': async (fixture) => {
    const { bus, until } = fixture;
    const [type, group] = [fresh('type'), fresh('group')];
    let sick = true;
    const heard = await listen(bus, type, { group, refuse: () => sick });
    const sent = events(type, 'a', 3);
    await bus.publish(sent);
    await until(() => heard.offered.length >= 3 * fixture.attempts);
    await waitParked(fixture, group, 3);
    deepEqual(idsOf((await bus.parked(group, 2)).map(({ event }) => event)), idsOf(sent.slice(0, 2)));
    sick = false;
    equal(await bus.replay(group), 3);
    await until(() => heard.taken.length >= 3);
    deepEqual(idsOf(heard.taken), idsOf(sent));
  },
  'an unknown group has nothing parked and nothing to replay': async ({ bus }) => {
    const group = fresh('group');
    deepEqual(await bus.parked(group, 10), []);
    equal(await bus.replay(group), 0);
  },
  'patterns and groups that cannot be are refused': async ({ bus }) => {
    const handle = (): void => {};
    for (const pattern of ['', '.', 'a..b', 'a b', 'a.**', 'ä', `${'a'.repeat(255)}.b`]) {
      await rejects(bus.subscribe({ patterns: [pattern], handle }), { code: 'BUS_PATTERN_INVALID' }, pattern);
    }
    await rejects(bus.subscribe({ patterns: [], handle }), { code: 'BUS_PATTERN_INVALID' });
    for (const group of ['', 'a b', 'a.b', 'x'.repeat(65)]) {
      await rejects(bus.subscribe({ patterns: ['a'], group, handle }), { code: 'BUS_GROUP_INVALID' }, group);
      await rejects(bus.parked(group, 1), { code: 'BUS_GROUP_INVALID' });
    }
  },
};

/** Parking may end a moment after the last refusal was heard. */
async function waitParked({ bus, elapse }: BusFixture, group: string, count: number): Promise<void> {
  for (let look = 0; look < PARKED_LOOKS; look += 1) {
    if ((await bus.parked(group, count)).length >= count) return;
    await elapse(LOOK_MS);
  }
  fail(`${count} events were not parked in ${PARKED_LOOKS * LOOK_MS} ms`);
}

const PARKED_LOOKS = 100;
const LOOK_MS = 50;

const ending: Rules = {
  'a subscription that is closed handles nothing any more, and closing it again does nothing': async (fixture) => {
    const { bus, until } = fixture;
    const type = fresh('type');
    const [left, stays] = [await listen(bus, type), await listen(bus, type)];
    await left.close();
    await left.close();
    await bus.publish([eventOf(type, 'a')]);
    await until(() => stays.taken.length > 0);
    deepEqual(left.offered, []);
  },
  'a closed bus is down and takes nothing over': async ({ bus }) => {
    equal(bus.state(), 'up');
    await bus.close();
    await bus.close();
    equal(bus.state(), 'down');
    await rejects(bus.publish([eventOf('a', 'a')]), { code: 'BUS_UNAVAILABLE' });
    await rejects(bus.subscribe({ patterns: ['a'], handle: () => {} }), { code: 'BUS_UNAVAILABLE' });
  },
};
