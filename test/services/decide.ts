/** Where a service for tests comes from, by pure decision; what is done with it stands elsewhere. */

export const SERVICES = ['postgres', 'rabbitmq', 'consul'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What is known about the machine. */
export interface Facts {
  /** Value of the service's variable; empty and absent are the same. */
  readonly address?: string | undefined;
  /** A Docker daemon answers. */
  readonly docker: boolean;
  /** Path of its program, or of the embedded one. */
  readonly program?: string | undefined;
  /** Debian or Ubuntu, and we are root. */
  readonly installs: boolean;
}

export type Choice =
  | { readonly from: 'environment'; readonly address: string }
  | { readonly from: 'docker' }
  | { readonly from: 'program'; readonly program: string }
  | { readonly from: 'distribution' }
  | { readonly from: 'nowhere'; readonly line: string };

interface Recipe {
  readonly variable: string;
  readonly forPeople: string;
  readonly program: string;
  readonly how: string;
}

/** Variables are those of the product, except that tests of PostgreSQL make and drop databases of their own. */
export const RECIPES: Readonly<Record<ServiceName, Recipe>> = {
  postgres: {
    variable: 'TEST_DATABASE_URL',
    forPeople: 'PostgreSQL',
    program: 'postgres',
    how:
      'run "npm ci" without --omit=optional, or set TEST_DATABASE_URL to a PostgreSQL 14 or newer where databases may ' +
      'be created',
  },
  rabbitmq: {
    variable: 'AMQP_URL',
    forPeople: 'RabbitMQ',
    program: 'rabbitmq-server',
    how: 'install rabbitmq-server (3.10 or newer), start Docker, or set AMQP_URL',
  },
  consul: {
    variable: 'CONSUL_HTTP_ADDR',
    forPeople: 'Consul',
    program: 'consul',
    how: 'install consul (1.8 or newer), start Docker, or set CONSUL_HTTP_ADDR',
  },
};

/**
 * The order of the contract: an address in the environment, Docker, a program, the distribution. PostgreSQL comes with
 * npm, so its own program goes before Docker. `mayKill`: the caller ends and restarts the service, which it may do
 * with one of its own only.
 */
export function decide(name: ServiceName, facts: Facts, mayKill = false): Choice {
  const { address, docker, program, installs } = facts;
  if (address !== undefined && address !== '' && !mayKill) return { from: 'environment', address };
  if (name === 'postgres' && program !== undefined) return { from: 'program', program };
  if (docker) return { from: 'docker' };
  if (program !== undefined) return { from: 'program', program };
  if (installs && name !== 'postgres') return { from: 'distribution' };
  const { forPeople, how } = RECIPES[name];
  return { from: 'nowhere', line: `tests with ${forPeople}: there is none; ${how}` };
}
