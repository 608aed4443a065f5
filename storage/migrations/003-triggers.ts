import { Migration } from '@mikro-orm/migrations';

/**
 * What listens, as every member must know it. `activation` has one row per workflow that was ever active; its `change`
 * numbers are drawn from the one row of `activation_change`, whose lock is held until the commit: so they rise in the
 * order in which commits become visible, and a reader that has seen a number misses none below it.
 */
const ACTIVATION = `
CREATE TABLE troupe.activation_change (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  last bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE troupe.activation (
  workflow_id text PRIMARY KEY,
  change bigint NOT NULL,
  version integer,
  active_since bigint NOT NULL
);
COMMENT ON COLUMN troupe.activation.version IS 'what triggers start; null while inactive';
COMMENT ON COLUMN troupe.activation.active_since IS 'when this version began to listen, epoch ms by the clock of the database';

INSERT INTO troupe.activation (workflow_id, change, version, active_since)
  SELECT id, row_number() OVER (ORDER BY position), active_version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
  FROM troupe.workflow WHERE active;
CREATE UNIQUE INDEX activation_order ON troupe.activation (change);
INSERT INTO troupe.activation_change (last) SELECT count(*) FROM troupe.activation;
`;

/** Addresses; the names of parameters are left out of them, so that two patterns for the same calls are the same. */
const WEBHOOK = `
CREATE TABLE troupe.webhook (
  method text NOT NULL,
  address text NOT NULL,
  workflow_id text NOT NULL,
  PRIMARY KEY (address, method)
);
CREATE INDEX webhook_of_workflow ON troupe.webhook (workflow_id);

CREATE TABLE troupe.test_webhook (
  method text NOT NULL,
  address text NOT NULL,
  workflow_id text NOT NULL,
  version integer NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (address, method)
);
`;

export class Triggers extends Migration {
  override name = '003-triggers';

  override up(): void {
    for (const sql of [ACTIVATION, WEBHOOK]) this.addSql(sql);
  }
}
