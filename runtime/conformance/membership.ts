import { deepEqual, equal, ok } from 'node:assert/strict';
import type { MemberInfo, Membership, MembershipChange } from '../ports/index.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';
import { unique } from './journal-fixture.ts';

/** What a driver gives to be held to the contract of membership: made afresh for each case. */
export interface MembershipFixture {
  /** A driver that has not joined; those of one fixture shall see one another. */
  driver(member: MemberInfo): Membership;
  /** Lets time pass until the condition holds; rejects when it does not come true. */
  until(condition: () => boolean): Promise<void>;
  /** Lets some time pass in which a change would be seen. */
  pass(): Promise<void>;
  /** The service stops answering, or answers again. */
  away?: (away: boolean) => Promise<void>;
  /** The service answers that nobody is there, or recovers. */
  empty?: (empty: boolean) => Promise<void>;
  dispose?: () => Promise<void>;
}

/**
 * The contract of membership as cases. `fixed`: the driver knows its members from the start, so that what others would
 * see of this one is left out. `faults`: what of the service the fixture can break; those cases are left out otherwise.
 */
export function membershipConformance(
  make: () => Promise<MembershipFixture>,
  { fixed = false, faults = [] }: { fixed?: boolean; faults?: readonly ('away' | 'empty')[] } = {},
): ConformanceCase[] {
  return casesOf(make, {
    ...ownRules,
    ...(fixed ? {} : sharedRules),
    ...(faults.includes('away') ? awayRules : {}),
    ...(faults.includes('empty') ? emptyRules : {}),
  });
}

type Rules = Record<string, (fixture: MembershipFixture) => Promise<void>>;

type Switch = (on: boolean) => Promise<void>;

function faultOf(fault: Switch | undefined): Switch {
  ok(fault, 'the fixture does not bring the fault that its cases were asked for');
  return fault;
}

function someone(more: Partial<MemberInfo> = {}): MemberInfo {
  const bootId = unique('boot');
  return { bootId, name: `name-${bootId}`, tags: [], draining: false, ...more };
}

async function joined(fixture: MembershipFixture, member: MemberInfo = someone()): Promise<Joined> {
  const driver = fixture.driver(member);
  await driver.join(member);
  return { driver, member };
}

interface Joined {
  driver: Membership;
  member: MemberInfo;
}

function sees({ driver }: Joined, { member }: Joined): MemberInfo | undefined {
  return driver.members().find(({ bootId }) => bootId === member.bootId);
}

/** Two members that see one another. */
async function pair(fixture: MembershipFixture): Promise<[Joined, Joined]> {
  const [a, b] = [await joined(fixture), await joined(fixture)];
  await fixture.until(() => sees(a, b) !== undefined && sees(b, a) !== undefined);
  return [a, b];
}

const ownRules: Rules = {
  'a member sees itself, once, as soon as it has joined': async (fixture) => {
    const own = await joined(fixture, someone({ tags: ['gpu'], address: 'http://127.0.0.1:5678' }));
    deepEqual(
      own.driver.members().filter(({ bootId }) => bootId === own.member.bootId),
      [own.member],
    );
    await fixture.pass();
    equal(own.driver.members().filter(({ bootId }) => bootId === own.member.bootId).length, 1);
    await own.driver.leave();
  },
  'a member sees at once what it says of itself': async (fixture) => {
    const own = await joined(fixture);
    await own.driver.update({ draining: true });
    deepEqual(sees(own, own), { ...own.member, draining: true });
    await own.driver.update({ address: 'http://127.0.0.1:1' });
    deepEqual(sees(own, own), { ...own.member, draining: true, address: 'http://127.0.0.1:1' });
    await own.driver.leave();
  },
  'leaving twice, or without having joined, does no harm': async (fixture) => {
    const own = await joined(fixture);
    await own.driver.leave();
    await own.driver.leave();
    await fixture.driver(someone()).leave();
  },
};

const sharedRules: Rules = {
  'members that joined see one another, with all they say of themselves': async (fixture) => {
    const a = await joined(fixture);
    const b = await joined(fixture, someone({ tags: ['gpu', 'eu west'], address: 'http://127.0.0.1:5679' }));
    await fixture.until(() => sees(a, b) !== undefined && sees(b, a) !== undefined);
    deepEqual(sees(a, b), b.member);
    deepEqual(sees(b, a), a.member);
    await Promise.all([a.driver.leave(), b.driver.leave()]);
  },
  'who watches is told who joined and who left, and nothing after it has stopped watching': async (fixture) => {
    const [a] = await pair(fixture);
    const told: MembershipChange[] = [];
    const unwatch = a.driver.watch((change) => told.push(change));
    const b = await joined(fixture);
    await fixture.until(() => sees(a, b) !== undefined);
    await b.driver.leave();
    await fixture.until(() => sees(a, b) === undefined);
    const ids = (list: readonly MemberInfo[]): string[] => list.map(({ bootId }) => bootId);
    deepEqual(
      told.map((change) => [ids(change.joined), ids(change.left)]).filter((lists) => lists.flat().length > 0),
      [
        [[b.member.bootId], []],
        [[], [b.member.bootId]],
      ],
    );
    deepEqual(told.at(-1)?.members, a.driver.members());
    unwatch();
    const c = await joined(fixture);
    await fixture.until(() => sees(a, c) !== undefined);
    equal(
      told.some((change) => ids(change.joined).includes(c.member.bootId)),
      false,
    );
    await Promise.all([a.driver.leave(), c.driver.leave()]);
  },
  'the others see that a member drains and where it is now, as a change in which nobody came or went': async (
    fixture,
  ) => {
    const [a, b] = await pair(fixture);
    const told: MembershipChange[] = [];
    a.driver.watch((change) => told.push(change));
    await b.driver.update({ draining: true, address: 'http://127.0.0.1:9' });
    await fixture.until(() => sees(a, b)?.draining === true);
    equal(sees(a, b)?.address, 'http://127.0.0.1:9');
    deepEqual(
      told.flatMap((change) => [...change.joined, ...change.left]),
      [],
    );
    ok(told.length > 0);
    await Promise.all([a.driver.leave(), b.driver.leave()]);
  },
  'a restarted process is another member': async (fixture) => {
    const [a, b] = await pair(fixture);
    const c = await joined(fixture);
    await fixture.until(() => sees(a, c) !== undefined);
    await b.driver.leave();
    const again = await joined(fixture, { ...b.member, bootId: unique('boot') });
    await fixture.until(() => sees(a, again) !== undefined && sees(a, b) === undefined);
    await Promise.all([a, c, again].map(({ driver }) => driver.leave()));
  },
};

const awayRules: Rules = {
  'while the service is away the view stays, and the state says so; afterwards changes are seen again': async (
    fixture,
  ) => {
    const away = faultOf(fixture.away);
    const [a, b] = await pair(fixture);
    await fixture.until(() => a.driver.state() === 'up');
    await away(true);
    await fixture.until(() => a.driver.state() === 'stale');
    await fixture.pass();
    deepEqual([sees(a, b), sees(b, a)], [b.member, a.member]);
    await away(false);
    await fixture.until(() => a.driver.state() === 'up' && b.driver.state() === 'up');
    await fixture.until(() => sees(a, b) !== undefined && sees(b, a) !== undefined);
    const c = await joined(fixture);
    await fixture.until(() => sees(a, c) !== undefined);
    await Promise.all([a, b, c].map(({ driver }) => driver.leave()));
  },
  'a member that joins while the service is away waits for it, and leaves without a complaint': async (fixture) => {
    const away = faultOf(fixture.away);
    const a = await joined(fixture);
    await fixture.until(() => a.driver.state() === 'up');
    await away(true);
    const [b, c] = [await joined(fixture), await joined(fixture)];
    deepEqual(sees(b, b), b.member);
    await c.driver.leave();
    await away(false);
    await fixture.until(() => sees(a, b) !== undefined);
    await fixture.pass();
    equal(sees(a, c), undefined);
    await Promise.all([a.driver.leave(), b.driver.leave()]);
  },
};

const emptyRules: Rules = {
  'an answer that nobody is there leaves the view as it was': async (fixture) => {
    const empty = faultOf(fixture.empty);
    const [a, b] = await pair(fixture);
    await empty(true);
    await fixture.pass();
    deepEqual([sees(a, b), sees(b, a)], [b.member, a.member]);
    await empty(false);
    await fixture.pass();
    deepEqual([sees(a, b), sees(b, a)], [b.member, a.member]);
    await Promise.all([a.driver.leave(), b.driver.leave()]);
  },
};
