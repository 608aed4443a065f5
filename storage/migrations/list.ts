/** Names of all migrations in their order; kept apart from their code so that a start without news loads none. */
export const MIGRATIONS = ['001-foundation', '002-cluster', '003-triggers', '004-slots'] as const;

/** Where the migrator notes what it has done, in the schema `troupe`. */
export const MIGRATION_TABLE = 'migration';
