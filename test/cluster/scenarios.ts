import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../until.ts';
import { LEASE_MS, TAKEOVER_MS_MOST } from './limits.ts';
import { LINKS, type LinkName, type SiteMember } from './site.ts';
import { percentile, type Scenario, type Stage } from './stage.ts';
import { manyWaits } from './waits.ts';
import { everySecond } from './schedules.ts';

const HOUR_MS = 3_600_000;
const CLOCK_OFF = pathToFileURL(join(import.meta.dirname, 'clock-off.js')).href;

const times = ({ scale }: Stage, short: number, long: number): number => (scale === 'short' ? short : long);

/** Waits until the shards of the dead have living owners, and says how long that took. */
async function takenOver({ shards, expect }: Stage, msMost = TAKEOVER_MS_MOST): Promise<void> {
  const done = await until(
    'every shard has a living owner',
    () => (shards.unowned === 0 ? true : undefined),
    3 * TAKEOVER_MS_MOST,
  ).catch(() => false);
  expect(done, `${shards.unowned} shards of a dead member have no living owner after ${3 * TAKEOVER_MS_MOST} ms`);
  const p99 = percentile(shards.takeoversMs, 0.99);
  expect(p99 <= msMost, `p99 of the takeover was ${p99} ms`);
}

async function startAgain(members: readonly SiteMember[]): Promise<void> {
  for (const { program } of members) if (!program.alive) program.launch();
  await Promise.all(members.map(({ program }) => program.ready()));
}

const killOne: Scenario = {
  name: 'kill-one',
  about: 'kill -9 of one member: the others go on with its work',
  async run(stage) {
    for (let round = 0; round < times(stage, 2, 20); round += 1) {
      const victim = stage.site.pick(stage.random);
      stage.say(`kill -9 of ${victim.name}`);
      await stage.kill(victim);
      await takenOver(stage);
      await startAgain([victim]);
      await pause(stage.random.next() * 2_000);
    }
  },
};

const killTwo: Scenario = {
  name: 'kill-two',
  about: 'kill -9 of two of three members at once',
  async run(stage) {
    for (let round = 0; round < times(stage, 1, 8); round += 1) {
      const survivor = stage.site.pick(stage.random);
      const victims = stage.site.members.filter((member) => member !== survivor);
      stage.say(`kill -9 of all but ${survivor.name}`);
      await stage.kill(...victims);
      await takenOver(stage);
      await startAgain(victims);
    }
  },
};

const killAll: Scenario = {
  name: 'kill-all',
  about: 'kill -9 of every member at once, and a start of all',
  async run(stage) {
    for (let round = 0; round < times(stage, 1, 8); round += 1) {
      stage.say('kill -9 of all');
      await stage.kill(...stage.site.members);
      await pause(stage.random.next() * 1_500);
      await startAgain(stage.site.members);
      // Nobody was there to take over: the time is that of a start.
      await takenOver(stage, Infinity);
    }
  },
};

const stall: Scenario = {
  name: 'stall',
  about: 'a member is frozen for three leases and then goes on: nothing that it still writes may count',
  async run(stage) {
    const { site, random } = stage;
    for (let round = 0; round < times(stage, 1, 5); round += 1) {
      const victim = site.pick(random);
      const before = await metric(stage, victim, 'journal_fenced_total');
      stage.say(`SIGSTOP of ${victim.name}`);
      victim.program.signal('SIGSTOP');
      await pause(3 * LEASE_MS);
      victim.program.signal('SIGCONT');
      await victim.program.ready();
      const refused = (await metric(stage, victim, 'journal_fenced_total')) - before;
      stage.measure(`stale writes refused, round ${round + 1}`, refused);
    }
  },
};

async function metric({ site }: Stage, member: SiteMember, name: string): Promise<number> {
  const { text } = await site.call(member, 'GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

const rabbit: Scenario = {
  name: 'rabbitmq',
  about: 'RabbitMQ is killed and started again, then stays away: local work goes on, sweeps replace doorbells',
  async run(stage) {
    const { rabbitmq } = stage.site.services;
    stage.say('restart');
    await rabbitmq.kill('SIGKILL');
    await rabbitmq.restart();
    await pause(1_000);
    stage.say('away');
    await rabbitmq.kill('SIGTERM');
    await pause(times(stage, 8_000, 60_000));
    await rabbitmq.restart();
  },
};

const postgres: Scenario = {
  name: 'postgres',
  about: 'PostgreSQL is restarted, and stopped without ceremony, under load',
  async run(stage) {
    const database = stage.site.services.postgres;
    for (let round = 0; round < times(stage, 1, 10); round += 1) {
      stage.say('restart');
      await database.restart();
      await pause(1_500);
      stage.say('immediate stop');
      await database.kill('SIGQUIT');
      await pause(1_500);
    }
  },
};

const consul: Scenario = {
  name: 'consul',
  about: 'the Consul agent forgets everything, lies that nobody is there, and is away: everybody goes on',
  async run(stage) {
    const { falseConsul, services } = stage.site;
    stage.say('restart');
    await services.consul.restart();
    await pause(2_000);
    stage.say('empty answers');
    falseConsul.lie = 'empty';
    await pause(times(stage, 5_000, 30_000));
    falseConsul.lie = 'no leader';
    await pause(times(stage, 2_000, 15_000));
    falseConsul.lie = 'none';
    stage.say('away');
    await services.consul.kill('SIGKILL');
    await pause(times(stage, 8_000, 60_000));
    await services.consul.restart();
  },
};

type Cut = 'cut' | 'up' | 'down' | 'both';

async function cutLink(stage: Stage, link: LinkName, how: Cut, ms: number): Promise<void> {
  const victim = stage.site.pick(stage.random);
  const proxy = victim.links[link];
  stage.say(`${how === 'cut' ? 'cut' : `silence (${how})`} between ${victim.name} and ${link}`);
  if (how === 'cut') proxy.cut();
  else proxy.silence(...(how === 'both' ? (['up', 'down'] as const) : ([how] as const)));
  await pause(ms);
  proxy.mend();
  await victim.program.ready();
}

const links: Scenario = {
  name: 'links',
  about: 'the link between one member and one service is cut, both ways and one way: the others take over or wait',
  async run(stage) {
    const cuts: readonly Cut[] = ['cut', 'up', 'down', 'both'];
    for (const [index, link] of LINKS.entries()) {
      const chosen = stage.scale === 'long' ? cuts : [cuts[index] ?? 'cut'];
      for (const how of chosen) await cutLink(stage, link, how, times(stage, 6_500, 20_000));
    }
  },
};

const flapping: Scenario = {
  name: 'flapping',
  about: 'links of one member are cut and mended again and again',
  async run(stage) {
    const { random, site } = stage;
    for (const link of LINKS) {
      const proxy = site.pick(random).links[link];
      stage.say(`flaps of ${link}`);
      for (let flap = 0; flap < times(stage, 12, 50); flap += 1) {
        proxy.cut();
        await pause(30 + random.next() * 120);
        proxy.mend();
        await pause(50 + random.next() * 200);
      }
    }
  },
};

const late: Scenario = {
  name: 'late',
  about: 'what RabbitMQ carries comes late, and again after broken connections: doorbells are hints',
  async run(stage) {
    const { members } = stage.site;
    for (let round = 0; round < times(stage, 4, 20); round += 1) {
      for (const { links: own } of members) own.rabbitmq.delay(stage.random.next() * 1_500);
      await pause(1_500);
      // What was on its way is sent again over the next connection.
      const { rabbitmq } = stage.site.pick(stage.random).links;
      rabbitmq.cut();
      rabbitmq.mend();
    }
  },
};

const rolling: Scenario = {
  name: 'rolling',
  about: 'every member is stopped and started in turn: nothing is lost, and those that stay answer as ever',
  async run(stage) {
    const { site, load } = stage;
    for (const member of site.members) {
      stage.say(`restart of ${member.name}`);
      const from = load.tried.length;
      const inTime = await member.program.kill('SIGTERM');
      stage.expect(inTime && member.program.end === 0, `${member.name} did not stop cleanly: ${member.program.end}`);
      await member.program.start();
      const wrong = load.tried
        .slice(from)
        .filter((tried) => tried.member !== member.name && tried.byWebhook)
        .filter(({ status }) => status === 404 || status >= 500 || status === 0);
      const statuses = [...new Set(wrong.map(({ member: at, status }) => `${at} ${status}`))].join(', ');
      stage.expect(wrong.length === 0, `while ${member.name} restarted, webhooks were answered by ${statuses}`);
    }
  },
};

const clock: Scenario = {
  name: 'clock',
  about: 'the clock of one member is an hour ahead or behind',
  async run(stage) {
    const both = [HOUR_MS, -HOUR_MS];
    for (const off of stage.scale === 'long' ? both : both.slice(Math.round(stage.random.next())).slice(0, 1)) {
      const odd = stage.site.pick(stage.random);
      stage.say(`the clock of ${odd.name} is ${off / HOUR_MS} h off`);
      await odd.program.kill('SIGTERM');
      odd.program.launch({ NODE_OPTIONS: `--import=${CLOCK_OFF}`, CLOCK_OFF_MS: String(off) });
      await odd.program.ready();
      await pause(times(stage, 6_000, 30_000));
      // What it has begun goes on under true clocks.
      await stage.kill(odd);
      await takenOver(stage);
      await startAgain([odd]);
    }
  },
};

/** Every scenario by its name, in the order in which they are played. */
export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map(
  [
    killOne,
    killTwo,
    killAll,
    stall,
    rabbit,
    postgres,
    consul,
    links,
    flapping,
    late,
    rolling,
    clock,
    everySecond,
    manyWaits,
  ].map((scenario) => [scenario.name, scenario]),
);
