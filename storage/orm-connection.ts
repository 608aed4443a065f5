import type { ClientConfig } from 'pg';
import { CONNECT_MS } from './limits.ts';

/** Options by which MikroORM reaches the same database as our own `pg` pools, with at most `connections` of them. */
export function ormConnection(connection: ClientConfig, connections: number) {
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
