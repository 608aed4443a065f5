/**
 * `npm run faults -- [SCENARIO…] [--rounds N] [--seed S] [--short] [--rate N]`: three real members on real PostgreSQL,
 * RabbitMQ and Consul, under load and faults, with an audit after each scenario.
 *
 *   SCENARIO…     what to play (default: all of them)
 *   --rounds N    plays it all N times, each with a seed of its own (default 1)
 *   --seed S      decides who suffers when (default: drawn, and printed)
 *   --short       as in CI, instead of the long form
 *   --rate N      calls per second over all members
 *   --record F    adds a line of JSON per scenario to this file
 *   --list        says which scenarios there are
 *
 * Exit 1 when a promise was broken; every broken promise is a line.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { play } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

const DRAWN_SEEDS = 1_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
    rate: { type: 'string' },
    record: { type: 'string' },
    list: { type: 'boolean', default: false },
    lone: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const unknown = positionals.filter((name) => !SCENARIOS.has(name));

if (values.list || unknown.length > 0) {
  for (const name of unknown) console.error(`there is no scenario ${name}`);
  for (const { name, about } of SCENARIOS.values()) console.log(`${name.padEnd(10)} ${about}`);
  process.exit(unknown.length === 0 ? 0 : 2);
}

// What runs for us ends with us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const scenarios = positionals.length > 0 ? positionals : [...SCENARIOS.keys()];
const first = Number(values.seed ?? Math.floor(Math.random() * DRAWN_SEEDS));
let broken = 0;
for (let round = 0; round < Number(values.rounds); round += 1) {
  const seed = first + round;
  const again = `npm run faults -- ${scenarios.join(' ')} --seed ${seed}${values.short ? ' --short' : ''}`;
  say(`round ${round + 1}; repeat it: ${again}`);
  const reports = await play({
    scenarios,
    seed,
    scale: values.short ? 'short' : 'long',
    ...(values.rate !== undefined && { perSecond: Number(values.rate) }),
    ...(values.record !== undefined && { record: values.record }),
    ...(values.lone && { members: 1, env: { AMQP_URL: '', CONSUL_HTTP_ADDR: '' } }),
    say,
  });
  for (const { scenario, faults } of reports) for (const fault of faults) say(`BROKEN ${scenario}: ${fault}`);
  broken += reports.flatMap(({ faults }) => faults).length;
}
say(broken === 0 ? 'every promise was kept' : `${broken} broken promises`);
process.exit(broken === 0 ? 0 : 1);
