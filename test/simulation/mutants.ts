import type { StepOutcome } from '#runtime';
import type { Services } from '#actors';

/**
 * Ways to build the engine wrong. Each breaks one rule of the design on purpose; the simulation must notice every one,
 * or it proves nothing.
 */
export type Mutant = 'fence dropped' | 'answer before commit' | 'resume after journal failure' | 'effect before intent';

export const MUTANTS: readonly Mutant[] = [
  'fence dropped',
  'answer before commit',
  'resume after journal failure',
  'effect before intent',
];

export function mutate(
  services: Services,
  mutant: Mutant | undefined,
  newestEpoch: (shard: number) => number,
): Services {
  const { committer } = services;
  switch (mutant) {
    case undefined:
      return services;
    case 'fence dropped':
      // A zombie writes under whatever epoch is current.
      return {
        ...services,
        committer: { submit: (step) => committer.submit({ ...step, epoch: newestEpoch(step.shard) }) },
      };
    case 'answer before commit':
      return { ...services, committer: { submit: (step) => early(committer.submit(step)) } };
    case 'resume after journal failure':
      return {
        ...services,
        committer: { submit: (step) => committer.submit(step).catch((): StepOutcome => ({ kind: 'committed' })) },
      };
    case 'effect before intent':
      return {
        ...services,
        committer: {
          submit: (step) => (step.status === 'running' ? early(committer.submit(step)) : committer.submit(step)),
        },
      };
  }
}

function early(late: Promise<StepOutcome>): Promise<StepOutcome> {
  late.catch(() => {});
  return Promise.resolve({ kind: 'committed' });
}
