/**
 * `npm run cluster [-- --members N --data-dir DIR --port P]`: PostgreSQL, RabbitMQ, Consul and members on this machine,
 * from programs that are installed here, until Ctrl-C.
 *
 *   --members N      members (default 3)
 *   --data-dir DIR   keeps the database and RabbitMQ's data there (default: a throw-away folder)
 *   --port P         HTTP port of the first member, the others follow (default 5678)
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { launchConsul } from './consul.ts';
import { findProgram } from './find-program.ts';
import { type LocalMember, localMember } from './member.ts';
import { launchPostgres } from './postgres.ts';
import { ProgramFailure } from './program.ts';
import { launchRabbit } from './rabbit.ts';

const MEMBERS = 3;
const FIRST_PORT = 5678;
const BAD_INPUT_EXIT_CODE = 2;
const WAYS: Readonly<Record<string, string>> = {
  'rabbitmq-server': 'RabbitMQ 3.10 or newer: apt install rabbitmq-server, brew install rabbitmq, or rabbitmq.com',
  consul: 'Consul 1.8 or newer: brew install consul, or consul.io; on Debian 12 from the packages of Debian 11',
};

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: String(MEMBERS) },
    'data-dir': { type: 'string' },
    port: { type: 'string', default: String(FIRST_PORT) },
  },
});

const members: LocalMember[] = [];
const services: { stop(): Promise<void> }[] = [];
let throwAway: string | undefined;
let stopping: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop().then(() => process.exit(0)));
}
try {
  await start();
} catch (error) {
  // A member that is stopped while it starts is no failure.
  if (stopping !== undefined) await stopping.then(() => process.exit(0));
  console.error(error instanceof ProgramFailure ? error.message : error);
  await stop();
  process.exit(1);
}

async function start(): Promise<void> {
  const programs = Object.keys(WAYS).map((name) => [name, findProgram(name)] as const);
  const missing = programs.filter(([, path]) => path === undefined).map(([name]) => `  ${WAYS[name]}`);
  if (missing.length > 0) {
    console.error(`Not installed on this machine:\n${missing.join('\n')}\nWith Docker instead: docker compose up`);
    process.exit(BAD_INPUT_EXIT_CODE);
  }
  const [rabbitmq = '', consul = ''] = programs.map(([, path]) => path);
  const folder = place();
  const part = (name: string): string => {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
    return join(folder, name);
  };
  console.log(`starting PostgreSQL, RabbitMQ and Consul in ${folder}`);
  const launched = await Promise.all([
    remembered(launchPostgres(part('postgres'))),
    remembered(launchRabbit(rabbitmq, part('rabbitmq'))),
    remembered(launchConsul(consul, part('consul'))),
  ]);
  const [database = '', broker = '', agent = ''] = launched.map(({ url }) => url);
  const keys = keysIn(folder);
  const shared = { ...keys, DATABASE_URL: database, AMQP_URL: broker, CONSUL_HTTP_ADDR: agent, LOG_LEVEL: 'info' };
  // One after the other: whoever comes first sets up the database.
  for (let index = 0; index < Number(values.members); index += 1) {
    const port = Number(values.port) + index;
    const member = localMember({ name: `m${index + 1}`, port, folder: part('members'), env: shared });
    members.push(member);
    await member.program.start();
  }
  console.log(
    [
      ...members.map(({ name, base }) => `${name}          ${base}`),
      `PostgreSQL  ${database}`,
      `RabbitMQ    ${broker}`,
      `Consul      ${agent}`,
      `owner       ${keys.TROUPE_OWNER_EMAIL}, password ${keys.TROUPE_OWNER_PASSWORD}`,
      `API key     ${keys.TROUPE_API_KEY}`,
      `logs        ${join(folder, 'members')}`,
      'Ctrl-C stops all of it.',
    ].join('\n'),
  );
}

async function remembered<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const service = await starting;
  services.push(service);
  return service;
}

function place(): string {
  const given = values['data-dir'];
  if (given !== undefined) {
    mkdirSync(given, { recursive: true, mode: 0o755 });
    return resolve(given);
  }
  const folder = mkdtempSync(join(tmpdir(), 'troupe-cluster-'));
  // PostgreSQL runs as another user where we are root.
  chmodSync(folder, 0o755);
  throwAway = folder;
  return folder;
}

/** What all members must have in common, and who may call them; kept where the data are kept. */
function keysIn(folder: string): Record<string, string> {
  const file = join(folder, 'keys.json');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = {
      TROUPE_OWNER_EMAIL: 'owner@localhost',
      TROUPE_OWNER_PASSWORD: randomBytes(9).toString('base64url'),
      TROUPE_API_KEY: `local-${randomBytes(16).toString('hex')}`,
      TROUPE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      TROUPE_JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Members first, then what they stand on; the folder last. */
function stop(): Promise<void> {
  return (stopping ??= (async () => {
    console.log('\nstopping');
    await Promise.all(members.map(({ program }) => program.kill('SIGTERM')));
    await Promise.all(services.map((service) => service.stop()));
    if (throwAway !== undefined) rmSync(throwAway, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  })());
}
