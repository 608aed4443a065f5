import type { Clock, Journal, Random, Step } from '#runtime';
import type { Services } from '#actors';
import type { LeasePulse } from '#cluster';
import { mutate, MUTANTS, type Mutant } from '../mutants.ts';

/** Ways to build the cluster wrong, beside those of one member. The simulation must notice every one. */
export type ClusterMutant =
  | Mutant
  /** The fence compares epochs and does not hold the shard until its rows are there. */
  | 'for key share'
  /** A member goes on for as long as nobody tells it otherwise. */
  | 'lease without own deadline'
  /** A letter counts as answered as soon as it was read. */
  | 'ack before commit';

export const CLUSTER_MUTANTS: readonly ClusterMutant[] = [
  ...MUTANTS,
  'for key share',
  'lease without own deadline',
  'ack before commit',
];

/** Epoch under which a step was really written, where a mutant told the twin another. */
export const writtenUnder = new WeakMap<Step, number>();

/** The longest time between the look at the epochs and the rows, for 'for key share'. */
const GAP_MS = 6_000;

export function mutateServices(
  services: Services,
  mutant: ClusterMutant | undefined,
  newestEpoch: (shard: number) => number,
): Services {
  switch (mutant) {
    case 'fence dropped':
    case 'for key share':
    case 'lease without own deadline':
    case 'ack before commit':
      return services;
    case undefined:
    default:
      return mutate(services, mutant, newestEpoch);
  }
}

/** A lease that always looks as if it had been renewed this moment. */
export function mutatePulse(mutant: ClusterMutant | undefined, clock: Clock): LeasePulse | undefined {
  if (mutant !== 'lease without own deadline') return undefined;
  return {
    record: { sent: () => clock.monotonic(), lapses: () => 0, renewed: () => {} },
    start: () => {},
    stop: async () => {},
  };
}

/** Faults of the database's side of the contract. */
export function mutateJournal(
  journal: Journal,
  mutant: ClusterMutant | undefined,
  clock: Clock,
  random: Random,
  newestEpoch: (shard: number) => number,
): Journal {
  if (mutant === 'fence dropped') return new Proxy(journal, { get: (target, key) => unfenced(target, key) });
  if (mutant === 'for key share') return new Proxy(journal, { get: (target, key) => keyShare(target, key) });
  if (mutant === 'ack before commit')
    return new Proxy(journal, { get: (target, key) => ackEarly(target, key, newestEpoch) });
  return journal;

  function forced(step: Step): Step {
    const taken = { ...step, epoch: newestEpoch(step.shard) };
    writtenUnder.set(taken, step.epoch);
    return taken;
  }

  function unfenced(target: Journal, key: string | symbol): unknown {
    if (key !== 'commit') return bound(target, key);
    return (steps: Parameters<Journal['commit']>[0]) => target.commit(steps.map(forced));
  }

  function keyShare(target: Journal, key: string | symbol): unknown {
    if (key !== 'commit') return bound(target, key);
    return async (steps: Parameters<Journal['commit']>[0]) => {
      const valid = steps.map((step) => step.epoch === newestEpoch(step.shard));
      if (random.next() < 0.2) await new Promise<void>((resolve) => void clock.after(random.next() * GAP_MS, resolve));
      // The row is written under the epoch it was checked with; the twin must be talked into taking it.
      return target.commit(steps.map((step, index) => (valid[index] ? forced(step) : step)));
    };
  }
}

function ackEarly(target: Journal, key: string | symbol, newestEpoch: (shard: number) => number): unknown {
  if (key !== 'inbox') return bound(target, key);
  return async (executionId: string) => {
    const messages = await target.inbox(executionId);
    const row = await target.execution(executionId);
    if (row && messages.length > 0) {
      const inboxDone = messages.map(({ messageId }) => messageId);
      const { shard, status } = row;
      await target.commit([{ executionId, shard, epoch: newestEpoch(shard), events: [], status, inboxDone }]);
    }
    return messages;
  };
}

function bound(target: Journal, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
}
