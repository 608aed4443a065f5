import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import type { ClientConfig } from 'pg';
import { ormConnection } from '../orm-connection.ts';
import { ApiKeys, Users } from './accounts.ts';
import { ENTITIES } from './entities.ts';
import type { AddressesOf } from './publishing.ts';
import { Settings } from './settings.ts';
import { Workflows } from './workflows.ts';

/** Repositories of what people manage, on one MikroORM with its own pool. */
export interface People {
  readonly workflows: Workflows;
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  readonly settings: Settings;
  close(): Promise<void>;
}

/** Connects at the first use, not here. */
export async function openPeople(
  connection: ClientConfig,
  connections: number,
  addressesOf: AddressesOf,
  announced: () => void,
): Promise<People> {
  const orm = await MikroORM.init({ ...ormConnection(connection, connections), entities: ENTITIES });
  // PostgreSQL is the only driver here.
  const em = orm.em as EntityManager;
  return {
    workflows: new Workflows(em, addressesOf, announced),
    users: new Users(em),
    apiKeys: new ApiKeys(em),
    settings: new Settings(em),
    close: () => orm.close(),
  };
}
