import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import type { ClientConfig } from 'pg';
import { Foundation } from './001-foundation.ts';
import { Cluster } from './002-cluster.ts';
import { Triggers } from './003-triggers.ts';
import { SlotTables } from './004-slots.ts';
import { MIGRATION_TABLE } from './list.ts';
import { ormConnection } from '../orm-connection.ts';

/** Classes by their order; the names must be those of MIGRATIONS (a test holds them together). */
const MIGRATION_CLASSES = [Foundation, Cluster, Triggers, SlotTables] as const;

/** Runs what is pending, all of it in one transaction. The caller holds the migration lock. */
export async function runMigrations(connection: ClientConfig): Promise<void> {
  const orm = await MikroORM.init({
    ...ormConnection(connection, 2),
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      tableName: `troupe.${MIGRATION_TABLE}`,
      migrationsList: MIGRATION_CLASSES.map((made) => ({ name: nameOf(made), class: made })),
      snapshot: false,
      allOrNothing: true,
      disableForeignKeys: false,
    },
  });
  try {
    await orm.migrator.up();
  } finally {
    await orm.close();
  }
}

/** What the classes call themselves, in their order. */
export function migrationNames(): string[] {
  return MIGRATION_CLASSES.map(nameOf);
}

function nameOf(made: (typeof MIGRATION_CLASSES)[number]): string {
  // A field initialiser holds the name; no driver is needed to read it.
  return Reflect.construct(made, []).name;
}
