import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { POINTS, runPoints } from './points.ts';
import { runRounds } from './rounds.ts';

const SEED = 20_261_122;

// Both wait more than they work: side by side, each with a member, a database and a stub of its own.
describe('recovery of real processes', { concurrency: true }, () => {
  test('what was accepted ends once, with one input per effect, whatever is killed and when', async (context) => {
    const say = (line: string): void => context.diagnostic(line);
    const { faults, accepted, killed } = await runRounds({ rounds: 10, seed: SEED, executions: 200, say });
    assert.deepEqual(faults, []);
    assert.ok(accepted >= 200, `${accepted} accepted`);
    assert.ok(killed.process >= 3 && killed.postgres >= 3 && killed.both >= 3, JSON.stringify(killed));
  });

  test('a kill at each boundary of the journal, of an effect and of an answer loses nothing and repeats nothing', async (context) => {
    // One count of each point; all of them by command: npm run recovery -- --point all.
    const faults = Object.entries(POINTS).map(([point, counts]) => `${point}#${counts.at(-1)}`);
    const broken = await runPoints({ faults, say: (line) => context.diagnostic(line) });
    assert.deepEqual(broken, []);
  });
});
