/**
 * `npm run simulate -- [--seeds N] [--from S] [--mutants]`: worlds of members under faults, each decided by its seed.
 * Prints every seed that broke a promise and how to repeat it. With `--mutants` it proves that the simulation notices
 * each way of building the engine wrong. Exit 1 when something was found that should not be, or not found that should.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { MUTANTS, type Mutant } from './mutants.ts';
import { simulate } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
  },
});
const [from, count] = [Number(values.from), Number(values.seeds)];

async function clean(): Promise<boolean> {
  let broken = 0;
  let executions = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const verdict = await simulate(seed);
    executions += verdict.executions;
    if (verdict.faults.length === 0) continue;
    broken += 1;
    console.log(`seed ${seed}: ${verdict.faults.join('; ')}`);
    console.log(`  repeat it: npm run simulate -- --from ${seed} --seeds 1`);
  }
  console.log(`${count} worlds, ${executions} executions, ${broken} worlds with a broken promise`);
  return broken === 0;
}

async function caught(mutant: Mutant): Promise<boolean> {
  for (let seed = from; seed < from + count; seed += 1) {
    const { faults } = await simulate(seed, mutant);
    if (faults.length === 0) continue;
    console.log(`"${mutant}" is caught at seed ${seed}: ${faults[0]}`);
    return true;
  }
  console.log(`"${mutant}" is not caught within ${count} seeds`);
  return false;
}

let good = true;
if (values.mutants) for (const mutant of MUTANTS) good = (await caught(mutant)) && good;
else good = await clean();
process.exitCode = good ? 0 : 1;
