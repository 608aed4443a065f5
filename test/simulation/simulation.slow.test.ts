import assert from 'node:assert/strict';
import test from 'node:test';
import { MUTANTS } from './mutants.ts';
import { simulate } from './world.ts';

/** Worlds of one test run; `npm run simulate` takes as many as one likes. */
const SEEDS = 300;
/** Worlds in which a mutant must be noticed. */
const MUTANT_SEEDS = 100;

test(`${SEEDS} worlds of faults break no promise`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { faults } = await simulate(seed);
    assert.deepEqual(faults, [], `repeat it: npm run simulate -- --from ${seed} --seeds 1`);
  }
});

for (const mutant of MUTANTS) {
  test(`an engine with "${mutant}" is noticed`, async () => {
    for (let seed = 1; seed <= MUTANT_SEEDS; seed += 1) {
      if ((await simulate(seed, mutant)).faults.length > 0) return;
    }
    assert.fail(`no world of ${MUTANT_SEEDS} noticed it`);
  });
}
