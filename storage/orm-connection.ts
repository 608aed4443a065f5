import type { ClientConfig } from 'pg';
import type { MikroORM } from '@mikro-orm/postgresql';
import { CONNECT_MS } from './limits.ts';

/** What MikroORM.init takes. */
export type OrmOptions = NonNullable<Parameters<typeof MikroORM.init>[0]>;

/** Options by which MikroORM reaches the same database as our own `pg` pools, with at most `connections` of them. */
export function ormConnection(connection: ClientConfig, connections: number): OrmOptions {
  return {
    // The whole configuration goes to the driver as it is: MikroORM's own option set knows no socket folders.
    dbName: typeof connection.database === 'string' ? connection.database : 'postgres',
    driverOptions: { ...connection, connectionTimeoutMillis: CONNECT_MS },
    pool: { min: 0, max: connections },
    schema: 'troupe',
    ensureDatabase: false,
    colors: false,
    logger: () => undefined,
  };
}
