import { Migration } from '@mikro-orm/migrations';

/**
 * The tables of the engine. `member` and `shard` decide who may write; `execution` to `static_data` are written by
 * the journal's one statement; the rest belongs to people. Times of the engine are epoch milliseconds (bigint), as
 * everywhere else in it; times people look at are timestamptz.
 */
const ENGINE = `
CREATE SCHEMA IF NOT EXISTS troupe;

CREATE TABLE troupe.member (
  boot_id text PRIMARY KEY,
  name text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}',
  data_dir_id text,
  lease_until timestamptz NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE troupe.shard (
  id smallint PRIMARY KEY CHECK (id BETWEEN 0 AND 511),
  epoch integer NOT NULL DEFAULT 0,
  owner text
) WITH (fillfactor = 50);
INSERT INTO troupe.shard (id) SELECT generate_series(0, 511);

CREATE SEQUENCE troupe.id_block AS bigint START 1;

CREATE TABLE troupe.execution (
  id bigint PRIMARY KEY,
  started_at bigint NOT NULL,
  stopped_at bigint,
  wake_at bigint,
  parent_id bigint,
  retry_of bigint,
  workflow_version integer NOT NULL,
  last_seq integer NOT NULL,
  recoveries integer NOT NULL DEFAULT 0,
  shard smallint NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'waiting', 'success', 'error', 'canceled')),
  mode text NOT NULL,
  workflow_id text NOT NULL,
  idempotency_key text,
  CHECK ((stopped_at IS NULL) = (status IN ('running', 'waiting')))
) WITH (fillfactor = 85);
CREATE INDEX execution_unfinished ON troupe.execution (id) INCLUDE (shard) WHERE status IN ('running', 'waiting');
CREATE INDEX execution_troubled ON troupe.execution (id) WHERE status IN ('error', 'canceled');
CREATE INDEX execution_of_workflow ON troupe.execution (workflow_id, id);

CREATE TABLE troupe.journal (
  execution_id bigint NOT NULL,
  seq integer NOT NULL,
  count integer NOT NULL,
  epoch integer NOT NULL,
  shard smallint NOT NULL,
  encoding smallint NOT NULL,
  payload bytea NOT NULL,
  PRIMARY KEY (execution_id, seq)
) PARTITION BY RANGE (execution_id);
ALTER TABLE troupe.journal ALTER COLUMN payload SET STORAGE EXTERNAL;
COMMENT ON COLUMN troupe.journal.count IS 'events packed in this row; seq is that of the first';
COMMENT ON COLUMN troupe.journal.encoding IS '0 JSON, 1 zstd of JSON, 2 sha256 of a blob that holds 1';

CREATE TABLE troupe.journal_partition (
  number bigint PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE troupe.inbox (
  execution_id bigint NOT NULL,
  message_id text NOT NULL,
  arrival bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  payload text NOT NULL,
  done boolean NOT NULL DEFAULT false,
  PRIMARY KEY (execution_id, message_id)
) WITH (fillfactor = 80);
CREATE INDEX inbox_open ON troupe.inbox (execution_id) WHERE NOT done;

CREATE TABLE troupe.timer (
  id text PRIMARY KEY,
  execution_id bigint NOT NULL,
  fire_at bigint NOT NULL,
  shard smallint NOT NULL,
  kind text NOT NULL
);
CREATE INDEX timer_due ON troupe.timer (fire_at) INCLUDE (shard);

CREATE TABLE troupe.outbox (
  id text PRIMARY KEY,
  n bigint GENERATED ALWAYS AS IDENTITY,
  shard smallint NOT NULL,
  envelope text NOT NULL
);
CREATE UNIQUE INDEX outbox_order ON troupe.outbox (n) INCLUDE (shard);

CREATE TABLE troupe.blob (
  sha256 bytea PRIMARY KEY,
  bytes bytea NOT NULL,
  touched_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE troupe.blob ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX blob_age ON troupe.blob (touched_at);

CREATE TABLE troupe.idempotency (
  workflow_id text NOT NULL,
  key text NOT NULL,
  execution_id bigint NOT NULL,
  PRIMARY KEY (workflow_id, key)
);
CREATE INDEX idempotency_execution ON troupe.idempotency (execution_id);

CREATE TABLE troupe.static_data (
  workflow_id text NOT NULL,
  key text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (workflow_id, key)
);
`;

/** A partition holds 2^33 ids; ids are handed out upwards, so a partition is also a span of time. */
const FUNCTIONS = `
CREATE FUNCTION troupe.make_partition(wanted bigint) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_advisory_xact_lock(7236837, 2);
  INSERT INTO troupe.journal_partition (number) VALUES (wanted) ON CONFLICT DO NOTHING;
  IF to_regclass('troupe.journal_' || wanted) IS NULL THEN
    EXECUTE format('CREATE TABLE troupe.journal_%s PARTITION OF troupe.journal FOR VALUES FROM (%s) TO (%s)',
      wanted, wanted << 33, (wanted + 1) << 33);
  END IF;
END $body$;

CREATE FUNCTION troupe.expect_rows(changed bigint, wanted bigint) RETURNS SETOF integer LANGUAGE plpgsql AS $body$
BEGIN
  IF changed <> wanted THEN
    RAISE EXCEPTION 'a step contradicts its execution row (% of % rows changed)', changed, wanted USING ERRCODE = 'TR001';
  END IF;
END $body$;

SELECT troupe.make_partition(0);
SELECT troupe.make_partition(1);
`;

const PEOPLE = `
CREATE TABLE troupe.workflow (
  id text PRIMARY KEY,
  name text NOT NULL,
  active boolean NOT NULL DEFAULT false,
  version integer NOT NULL,
  active_version integer,
  tags text[] NOT NULL DEFAULT '{}',
  position bigint GENERATED ALWAYS AS IDENTITY,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (NOT active OR active_version IS NOT NULL)
);
CREATE UNIQUE INDEX workflow_position ON troupe.workflow (position);

CREATE TABLE troupe.workflow_version (
  workflow_id text NOT NULL,
  version integer NOT NULL,
  definition text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workflow_id, version)
);

CREATE TABLE troupe."user" (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  role text NOT NULL,
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX user_email ON troupe."user" (lower(email));

CREATE TABLE troupe.api_key (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES troupe."user" (id) ON DELETE CASCADE,
  label text NOT NULL,
  sha256 text NOT NULL UNIQUE,
  scopes text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  expires_at timestamptz
);

CREATE TABLE troupe.setting (
  key text PRIMARY KEY,
  value text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
`;

export class Foundation extends Migration {
  override name = '001-foundation';

  override up(): void {
    for (const sql of [ENGINE, FUNCTIONS, PEOPLE]) this.addSql(sql);
  }
}
