import process from 'node:process';
import type { Suite } from '../suites.ts';
import { installFromDistribution } from './debian.ts';
import { decide, RECIPES, type ServiceName } from './decide.ts';
import { factsOf } from './facts.ts';

/** What the suites need from outside. */
const NEEDS: Readonly<Record<Suite, readonly ServiceName[]>> = {
  unit: [],
  slow: [],
  services: ['postgres'],
  cluster: ['postgres', 'rabbitmq', 'consul'],
};

export interface Provided {
  /** Suites that have all they need. */
  readonly suites: readonly Suite[];
  /** One line per missing service: what, and how to get it. */
  readonly missing: readonly string[];
}

/** Sees to it that the services of these suites are there, by installing them where that is possible. */
export async function provide(wanted: readonly Suite[], env: NodeJS.ProcessEnv = process.env): Promise<Provided> {
  const names = new Set(wanted.flatMap((suite) => NEEDS[suite]));
  const missing = new Map<ServiceName, string>();
  for (const name of names) {
    const line = await lacking(name, env);
    if (line !== undefined) missing.set(name, line);
  }
  const suites = wanted.filter((suite) => NEEDS[suite].every((name) => !missing.has(name)));
  return { suites, missing: [...missing.values()] };
}

async function lacking(name: ServiceName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const choice = decide(name, await factsOf(name, env));
  if (choice.from === 'nowhere') return choice.line;
  if (choice.from !== 'distribution' || name === 'postgres') return undefined;
  const { forPeople, program, how } = RECIPES[name];
  console.log(`${forPeople} is not installed: taking "${program}" from the distribution (once)`);
  const fault = installFromDistribution(name);
  return fault === undefined ? undefined : `tests with ${forPeople}: ${fault}; ${how}`;
}
