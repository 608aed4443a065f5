/**
 * `npm run simulate -- [--cluster] [--seeds N] [--from S] [--mutants]`: worlds of members under faults, each decided by
 * its seed: one member that is killed and started again, or with `--cluster` three members, their network and what is
 * between them. Prints every seed that broke a promise and how to repeat it. With `--mutants` it proves that the
 * simulation notices each way of building the engine wrong. Exit 1 when something was found that should not be, or not
 * found that should.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { CLUSTER_MUTANTS, type ClusterMutant } from './cluster/mutants.ts';
import { simulateCluster } from './cluster/world.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { simulate, type Verdict } from './world.ts';

const { values } = parseArgs({
  options: {
    cluster: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
  },
});
const [from, count] = [Number(values.from), Number(values.seeds)];
/** Seeds between two lines about how far it has got. */
const REPORT_EVERY = 500;

interface Kind<M extends string> {
  readonly flag: string;
  readonly mutants: readonly M[];
  world(seed: number, mutant?: M): Promise<Verdict>;
}

async function clean<M extends string>({ flag, world }: Kind<M>): Promise<boolean> {
  let broken = 0;
  let executions = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const verdict = await world(seed);
    executions += verdict.executions;
    if ((seed - from + 1) % REPORT_EVERY === 0) console.log(`… ${seed - from + 1} worlds, ${broken} broken`);
    if (verdict.faults.length === 0) continue;
    broken += 1;
    console.log(`seed ${seed}: ${verdict.faults.join('; ')}`);
    console.log(`  repeat it: npm run simulate -- ${flag}--from ${seed} --seeds 1`);
  }
  console.log(`${count} worlds, ${executions} executions, ${broken} worlds with a broken promise`);
  return broken === 0;
}

async function caught<M extends string>({ world }: Kind<M>, mutant: M): Promise<boolean> {
  for (let seed = from; seed < from + count; seed += 1) {
    const { faults } = await world(seed, mutant);
    if (faults.length === 0) continue;
    console.log(`"${mutant}" is caught at seed ${seed}: ${faults[0]}`);
    return true;
  }
  console.log(`"${mutant}" is not caught within ${count} seeds`);
  return false;
}

async function run<M extends string>(kind: Kind<M>): Promise<boolean> {
  if (!values.mutants) return clean(kind);
  let good = true;
  for (const mutant of kind.mutants) good = (await caught(kind, mutant)) && good;
  return good;
}

const one: Kind<Mutant> = { flag: '', mutants: MUTANTS, world: simulate };
const three: Kind<ClusterMutant> = { flag: '--cluster ', mutants: CLUSTER_MUTANTS, world: simulateCluster };
process.exitCode = (await (values.cluster ? run(three) : run(one))) ? 0 : 1;
