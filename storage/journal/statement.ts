/**
 * The commit as one SQL statement. Its text depends only on which parts a batch has (a mask), so that the usual batch
 * - new executions with one journal row each - does not pay for the rest. Each text is prepared once per connection.
 *
 *   held     shard rows whose epoch is ours, locked FOR SHARE: a claim waits for us, or we see its epoch and stop
 *   ok       families (a step with its children) all of whose shards are held, minus those whose key was taken
 *   …        one insert, update or delete per part, each joined with ok
 *   result   one row per family that was refused; none in the usual case
 */
export const PART = {
  create: 1,
  update: 2,
  rows: 4,
  keys: 8,
  timersSet: 16,
  timersDone: 32,
  inboxDone: 64,
  deliver: 128,
  outbox: 256,
  staticData: 512,
  slots: 1024,
} as const;

export type PartName = keyof typeof PART;

/** Columns of each part, in the order of its parameters; the first is always the family's number `n`. */
export const COLUMNS = {
  create: [
    'n int4',
    'id int8',
    'shard int2',
    'workflow_id text',
    'workflow_version int4',
    'mode text',
    'status text',
    'started_at int8',
    'stopped_at int8',
    'wake_at int8',
    'last_seq int4',
    'recoveries int4',
    'idempotency_key text',
    'parent_id int8',
    'retry_of int8',
  ],
  update: [
    'n int4',
    'id int8',
    'shard int2',
    'status text',
    'stopped_at int8',
    'wake_at int8',
    'first_seq int4',
    'last_seq int4',
    'recoveries int4',
  ],
  rows: [
    'n int4',
    'execution_id int8',
    'seq int4',
    'count int4',
    'shard int2',
    'epoch int4',
    'encoding int2',
    'payload bytea',
  ],
  keys: ['n int4', 'workflow_id text', 'key text', 'execution_id int8'],
  timersSet: ['n int4', 'id text', 'execution_id int8', 'fire_at int8', 'shard int2', 'kind text'],
  timersDone: ['n int4', 'id text'],
  inboxDone: ['n int4', 'execution_id int8', 'message_id text'],
  deliver: ['n int4', 'execution_id int8', 'message_id text', 'kind text', 'payload text', 'fresh int4'],
  outbox: ['n int4', 'id text', 'shard int2', 'envelope text'],
  staticData: ['n int4', 'execution_id int8', 'workflow_id text', 'key text', 'value text'],
  slots: [
    'n int4',
    'execution_id int8',
    'workflow_id text',
    'concurrency_key text',
    'rate_key text',
    'concurrency_limit int4',
    'rate_limit int4',
    'rate_per_ms int4',
    'seq int4',
  ],
} as const satisfies Record<PartName, readonly string[]>;

/** Parameters before those of the parts: shards with their epochs, then families with their shards. */
export const HEAD_COLUMNS = ['shard int2', 'epoch int4', 'n int4', 'shard int2'] as const;

const UNFINISHED = `('running', 'waiting')`;

/** SQL of each part; `$row` stands for its unnested parameters under the alias u. */
const BODY: Record<Exclude<PartName, 'keys'>, string> = {
  create: `INSERT INTO troupe.execution (id, shard, workflow_id, workflow_version, mode, status, started_at, stopped_at,
      wake_at, last_seq, recoveries, idempotency_key, parent_id, retry_of)
    SELECT u.id, u.shard, u.workflow_id, u.workflow_version, u.mode, u.status, u.started_at, u.stopped_at,
      u.wake_at, u.last_seq, u.recoveries, u.idempotency_key, u.parent_id, u.retry_of
    FROM $row JOIN ok ON ok.n = u.n`,
  // Asserted by `expect_rows`: the run has not ended (bookkeeping that changes no fact may follow), and its events
  // continue where the journal ends.
  update: `UPDATE troupe.execution e SET status = u.status, shard = u.shard, stopped_at = coalesce(u.stopped_at, e.stopped_at),
      wake_at = u.wake_at, last_seq = coalesce(u.last_seq, e.last_seq), recoveries = coalesce(u.recoveries, e.recoveries)
    FROM $row JOIN ok ON ok.n = u.n
    WHERE e.id = u.id
      AND (e.status IN ${UNFINISHED} OR (u.first_seq IS NULL AND u.status = e.status))
      AND (u.first_seq IS NULL OR e.last_seq = u.first_seq - 1)
    RETURNING e.id`,
  rows: `INSERT INTO troupe.journal (execution_id, seq, count, shard, epoch, encoding, payload)
    SELECT u.execution_id, u.seq, u.count, u.shard, u.epoch, u.encoding, u.payload FROM $row JOIN ok ON ok.n = u.n`,
  timersSet: `INSERT INTO troupe.timer (id, execution_id, fire_at, shard, kind)
    SELECT u.id, u.execution_id, u.fire_at, u.shard, u.kind FROM $row JOIN ok ON ok.n = u.n
    ON CONFLICT (id) DO UPDATE SET fire_at = excluded.fire_at, shard = excluded.shard, kind = excluded.kind`,
  timersDone: `DELETE FROM troupe.timer t USING $row JOIN ok ON ok.n = u.n WHERE t.id = u.id`,
  inboxDone: `UPDATE troupe.inbox i SET done = true FROM $row JOIN ok ON ok.n = u.n
    WHERE i.execution_id = u.execution_id AND i.message_id = u.message_id AND NOT i.done`,
  // A target that this same statement creates is not visible yet: its step vouches for it.
  deliver: `INSERT INTO troupe.inbox (execution_id, message_id, kind, payload)
    SELECT u.execution_id, u.message_id, u.kind, u.payload FROM $row JOIN ok ON ok.n = u.n
    WHERE u.fresh = 1 OR EXISTS (SELECT 1 FROM troupe.execution e WHERE e.id = u.execution_id AND e.status IN ${UNFINISHED})
    ON CONFLICT DO NOTHING`,
  outbox: `INSERT INTO troupe.outbox (id, shard, envelope)
    SELECT u.id, u.shard, u.envelope FROM $row JOIN ok ON ok.n = u.n ON CONFLICT DO NOTHING`,
  // Two runs of one workflow in one batch: the later step wins, and a statement may touch a row only once.
  staticData: `INSERT INTO troupe.static_data (workflow_id, key, value)
    SELECT DISTINCT ON (w.workflow_id, u.key) w.workflow_id, u.key, u.value FROM $row JOIN ok ON ok.n = u.n
    CROSS JOIN LATERAL (SELECT coalesce(u.workflow_id,
      (SELECT e.workflow_id FROM troupe.execution e WHERE e.id = u.execution_id)) AS workflow_id) w
    WHERE w.workflow_id IS NOT NULL
    ORDER BY w.workflow_id, u.key, u.n DESC
    ON CONFLICT (workflow_id, key) DO UPDATE SET value = excluded.value`,
  // In the order of the batch: `arrival` is drawn row by row.
  slots: `INSERT INTO troupe.slot (execution_id, workflow_id, concurrency_key, rate_key, concurrency_limit, rate_limit,
      rate_per_ms, seq)
    SELECT u.execution_id, u.workflow_id, u.concurrency_key, u.rate_key, u.concurrency_limit, u.rate_limit, u.rate_per_ms,
      u.seq FROM $row JOIN ok ON ok.n = u.n ORDER BY u.n`,
};

/** Names of the parts in a mask, in the order of their parameters. */
export function partsOf(mask: number): PartName[] {
  return (Object.keys(PART) as PartName[]).filter((name) => (mask & PART[name]) !== 0); // keys of a const object
}

const texts = new Map<number, { name: string; text: string }>();

/** The statement for a mask: a name to prepare it under, and its text. */
export function statementFor(mask: number): { name: string; text: string } {
  const known = texts.get(mask);
  if (known) return known;
  const made = { name: `commit-${mask}`, text: build(mask) };
  texts.set(mask, made);
  return made;
}

function build(mask: number): string {
  let next = HEAD_COLUMNS.length + 1;
  const unnested = new Map<PartName, string>();
  for (const part of partsOf(mask)) {
    const types = COLUMNS[part].map((column) => `$${next++}::${column.split(' ')[1]}[]`);
    const names = COLUMNS[part].map((column) => column.split(' ')[0]);
    unnested.set(part, `unnest(${types.join(', ')}) AS u(${names.join(', ')})`);
  }
  const ctes = [HELD, keysAndOk(unnested.get('keys'))];
  for (const [part, row] of unnested) {
    if (part !== 'keys') ctes.push(`did_${part} AS (${BODY[part].replace('$row', row)})`);
  }
  const update = unnested.get('update');
  if (update) ctes.push(`wanted AS (SELECT count(*) AS n FROM ${update} JOIN ok ON ok.n = u.n)`);
  const check = update
    ? ` UNION ALL SELECT x, 0 FROM troupe.expect_rows((SELECT count(*) FROM did_update), (SELECT n FROM wanted)) x`
    : '';
  return `WITH ${ctes.join(',\n')}\n${refused(mask)}${check}`;
}

const HELD = `held AS MATERIALIZED (
  SELECT s.id FROM unnest($1::int2[], $2::int4[]) AS w(id, epoch)
  JOIN troupe.shard s ON s.id = w.id AND s.epoch = w.epoch FOR SHARE OF s)`;

const FAMILY = `unnest($3::int4[], $4::int2[]) AS f(n, shard)`;
const ALL_HELD = `SELECT f.n FROM ${FAMILY} LEFT JOIN held ON held.id = f.shard GROUP BY f.n HAVING bool_and(held.id IS NOT NULL)`;

function keysAndOk(keys: string | undefined): string {
  if (!keys) return `ok AS MATERIALIZED (${ALL_HELD})`;
  return `mine AS MATERIALIZED (${ALL_HELD}),
won AS (INSERT INTO troupe.idempotency (workflow_id, key, execution_id)
  SELECT u.workflow_id, u.key, u.execution_id FROM ${keys} JOIN mine ON mine.n = u.n
  ORDER BY u.workflow_id, u.key ON CONFLICT DO NOTHING RETURNING execution_id),
taken AS MATERIALIZED (SELECT u.n FROM ${keys} WHERE u.execution_id NOT IN (SELECT execution_id FROM won)),
ok AS MATERIALIZED (SELECT n FROM mine WHERE n NOT IN (SELECT n FROM taken))`;
}

/** `why`: 1 fenced, 2 the key was taken. */
function refused(mask: number): string {
  const fencedBy = (mask & PART.keys) !== 0 ? 'mine' : 'ok';
  const fenced = `SELECT DISTINCT f.n, 1 AS why FROM ${FAMILY} WHERE f.n NOT IN (SELECT n FROM ${fencedBy})`;
  if ((mask & PART.keys) === 0) return fenced;
  return `${fenced} UNION ALL SELECT mine.n, 2 FROM mine JOIN taken ON taken.n = mine.n`;
}
