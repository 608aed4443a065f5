/** A small cluster in one process for tests: keepers over one memory store, each with faults of its own. */
import { memoryStore, quiet, SimulatedClock } from '#runtime';
import type { LeaseStore, MemberRow } from '#runtime';
import { createLeaseKeeper, type LeaseEvents, type LeaseKeeper } from './lease-keeper.ts';

/** How a member reaches the store. `hang`: no call ever answers. `late`: calls happen, their answers are lost. */
export type StoreFault = 'none' | 'reject' | 'hang' | 'late';

/** One member of the scene. */
export interface SceneMember {
  readonly bootId: string;
  readonly keeper: LeaseKeeper;
  fault: StoreFault;
}

/** Members that share, and the time they live in. */
export interface SharedScene {
  readonly clock: SimulatedClock;
  readonly leases: LeaseStore;
  /** A member that is not started yet. */
  member(bootId: string, events?: LeaseEvents): SceneMember;
  /** As `member`, started. */
  start(bootId: string, events?: LeaseEvents): Promise<SceneMember>;
  /** Lets time pass, with everything that is due in it. */
  pass(ms: number): Promise<void>;
}

const TURNS_PER_STEP = 4;

/** A scene at time 0 without members. */
export function sharedScene(): SharedScene {
  const clock = new SimulatedClock();
  const { leases } = memoryStore(clock);
  const member: SharedScene['member'] = (bootId, events = {}) => {
    const row: MemberRow = { bootId, name: `name of ${bootId}`, tags: [] };
    const made: { fault: StoreFault } = { fault: 'none' };
    const store = faulty(leases, () => made.fault);
    const keeper = createLeaseKeeper({ store, clock, member: row, wanted: 'shared', events });
    return Object.assign(made, { bootId, keeper });
  };
  return {
    clock,
    leases,
    member,
    async start(bootId, events) {
      const made = member(bootId, events);
      await made.keeper.start();
      return made;
    },
    async pass(ms) {
      const end = clock.monotonic() + ms;
      while (clock.monotonic() < end) {
        await clock.advance(Math.min(clock.nextIn ?? Infinity, end - clock.monotonic()));
        await quiet(TURNS_PER_STEP);
      }
    },
  };
}

/** The store as a member with this fault reaches it. */
export function faulty(real: LeaseStore, fault: () => StoreFault): LeaseStore {
  const never = <T>(): Promise<T> => new Promise<T>(() => {});
  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    const now = fault();
    if (now === 'reject') throw new Error('away');
    if (now === 'hang') return never();
    const answer = await call();
    return now === 'late' ? never() : answer;
  };
  return {
    renew: (member, ms) => guard(() => real.renew(member, ms)),
    claim: (boot, shards) => guard(() => real.claim(boot, shards)),
    release: (boot, shards) => guard(() => real.release(boot, shards)),
    members: () => guard(() => real.members()),
    shards: () => guard(() => real.shards()),
    view: () => guard(() => real.view()),
  };
}
