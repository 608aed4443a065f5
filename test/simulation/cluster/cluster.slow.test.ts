import assert from 'node:assert/strict';
import test from 'node:test';
import { CLUSTER_MUTANTS } from './mutants.ts';
import { simulateCluster } from './world.ts';

/** Worlds of one test run; `npm run simulate -- --cluster` takes as many as one likes. */
const SEEDS = 300;
/** Worlds in which a mutant must be noticed. */
const MUTANT_SEEDS = 100;

test(`${SEEDS} worlds of three members under faults break no promise`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { faults } = await simulateCluster(seed);
    assert.deepEqual(faults, [], `repeat it: npm run simulate -- --cluster --from ${seed} --seeds 1`);
  }
});

for (const mutant of CLUSTER_MUTANTS) {
  test(`a cluster with "${mutant}" is noticed`, async () => {
    for (let seed = 1; seed <= MUTANT_SEEDS; seed += 1) {
      if ((await simulateCluster(seed, mutant)).faults.length > 0) return;
    }
    assert.fail(`no world of ${MUTANT_SEEDS} noticed it`);
  });
}

test('a seed decides everything: the same world twice is the same', async () => {
  const [once, again] = [await simulateCluster(12), await simulateCluster(12)];
  assert.deepEqual(once, again);
});
