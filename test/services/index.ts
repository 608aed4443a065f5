/**
 * Services for tests, each for the caller alone where that is possible. Found in the order of `decide.ts`. A service
 * takes seconds to start: one per test file.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchConsul } from '../../local/consul.ts';
import { launchPostgres } from '../../local/postgres.ts';
import { ProgramFailure } from '../../local/program.ts';
import { launchRabbit } from '../../local/rabbit.ts';
import type { LocalService } from '../../local/service.ts';
import { launchContainer } from './containers.ts';
import { type Choice, decide, RECIPES, type ServiceName } from './decide.ts';
import { factsOf } from './facts.ts';

/** A service for tests. `stop` also removes its data. */
export interface TestService extends LocalService {
  /** False for a service that others use too: `kill` and `restart` reject. */
  readonly mayKill: boolean;
}

export interface ServiceOptions {
  /** The test ends and restarts it: an address in the environment is passed over. */
  readonly mayKill?: boolean;
}

/** RabbitMQ; `url` is for AMQP_URL. */
export function startRabbit(options: ServiceOptions = {}): Promise<TestService> {
  return start('rabbitmq', launchRabbit, options);
}

/** Consul; `url` is for CONSUL_HTTP_ADDR. After a restart it has forgotten everything. */
export function startConsul(options: ServiceOptions = {}): Promise<TestService> {
  return start('consul', launchConsul, options);
}

/** PostgreSQL on a TCP port, with an empty database and room for several members; `url` is for DATABASE_URL. */
export function startPostgres(options: ServiceOptions = {}): Promise<TestService> {
  return start('postgres', (_, folder) => launchPostgres(folder), options);
}

async function start(
  name: ServiceName,
  launch: (program: string, folder: string) => Promise<LocalService>,
  { mayKill = false }: ServiceOptions,
): Promise<TestService> {
  const choice: Choice = decide(name, await factsOf(name), mayKill);
  switch (choice.from) {
    case 'environment':
      return shared(name, choice.address);
    case 'docker':
      return { ...(await launchContainer(name)), mayKill: true };
    case 'program':
      return inFolder(name, (folder) => launch(choice.program, folder));
    case 'distribution':
      throw new ProgramFailure(`${RECIPES[name].forPeople} is not installed yet: "npm test" does it`);
    case 'nowhere':
      throw new ProgramFailure(choice.line);
  }
}

async function inFolder(name: ServiceName, launch: (folder: string) => Promise<LocalService>): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  // PostgreSQL runs as another user where we are root.
  chmodSync(folder, 0o755);
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  try {
    const service = await launch(folder);
    const stop = async (): Promise<void> => {
      await service.stop();
      remove();
    };
    return { ...service, stop, mayKill: true };
  } catch (error) {
    remove();
    throw error;
  }
}

function shared(name: ServiceName, url: string): TestService {
  const refuse = (): Promise<void> =>
    Promise.reject(new ProgramFailure(`${RECIPES[name].variable} names a service of others: it is not ended`));
  return { url, mayKill: false, kill: refuse, restart: refuse, stop: () => Promise.resolve(), lastWords: () => '' };
}
