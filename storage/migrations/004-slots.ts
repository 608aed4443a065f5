import { Migration } from '@mikro-orm/migrations';

/**
 * Turns under limits of workflows. A row comes with the commit that creates its execution and is never given back: a
 * granted place counts while its execution has not ended. Keys are '' where the workflow sets no such limit, else '='
 * and the key. `seq` is that of the event by which the execution queued: it has begun when its last_seq is higher.
 */
const SLOT = `
CREATE TABLE troupe.slot (
  execution_id bigint PRIMARY KEY,
  arrival bigint GENERATED ALWAYS AS IDENTITY,
  concurrency_limit integer,
  rate_limit integer,
  rate_per_ms integer,
  seq integer NOT NULL,
  granted boolean NOT NULL DEFAULT false,
  workflow_id text NOT NULL,
  concurrency_key text NOT NULL,
  rate_key text NOT NULL
);
CREATE INDEX slot_queue ON troupe.slot (workflow_id, concurrency_key, rate_key, arrival) WHERE NOT granted;
CREATE INDEX slot_taken ON troupe.slot (workflow_id, concurrency_key) WHERE granted;
CREATE UNIQUE INDEX slot_arrival ON troupe.slot (workflow_id, arrival);

CREATE TABLE troupe.rate (
  workflow_id text NOT NULL,
  key text NOT NULL,
  full_us bigint NOT NULL,
  PRIMARY KEY (workflow_id, key)
);
COMMENT ON TABLE troupe.rate IS 'buckets that are not full, by when they will be: microseconds by the clock of the database';
`;

/**
 * Gives turns; see the port Slots. All grants of a workflow stand in line behind one advisory lock, held for this
 * statement only: a member that stalls cannot keep it. The function is volatile, so that each of its statements sees
 * what was committed before the lock was taken.
 *
 * A line is all who wait for the same two keys; of each line as many are looked at as its keys have room for, and they
 * are taken in order of arrival while both of their keys still have room.
 */
const GRANT = `
CREATE FUNCTION troupe.grant_slots(wanted text, at_most integer, OUT ids bigint[], OUT waiting integer, OUT next_ms integer)
LANGUAGE plpgsql VOLATILE AS $body$
DECLARE
  newest record;
  head record;
  now_us bigint;
  step_us numeric;
  gone bigint[];
  chosen bigint[];
  taken_places jsonb;
  taken_turns jsonb;
  places integer;
  turns integer;
BEGIN
  PERFORM pg_advisory_xact_lock(7236838, hashtext(wanted));
  ids := '{}';
  now_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  DELETE FROM troupe.slot s WHERE s.workflow_id = wanted AND s.granted AND NOT EXISTS (
    SELECT 1 FROM troupe.execution e WHERE e.id = s.execution_id AND e.stopped_at IS NULL
      AND (s.concurrency_key <> '' OR e.last_seq <= s.seq));
  DELETE FROM troupe.rate r WHERE r.workflow_id = wanted AND r.full_us <= now_us;
  SELECT s.concurrency_limit, s.rate_limit, s.rate_per_ms * 1000::bigint AS period_us INTO newest
    FROM troupe.slot s WHERE s.workflow_id = wanted ORDER BY s.arrival DESC LIMIT 1;
  step_us := newest.period_us::numeric / newest.rate_limit;
  LOOP
    gone := '{}';
    chosen := '{}';
    taken_places := '{}';
    taken_turns := '{}';
    FOR head IN
      WITH line AS (
        SELECT w.concurrency_key, w.rate_key,
          CASE WHEN w.concurrency_key = '' OR newest.concurrency_limit IS NULL THEN at_most
            ELSE newest.concurrency_limit - coalesce(h.held, 0) END AS places,
          CASE WHEN w.rate_key = '' OR newest.rate_limit IS NULL THEN at_most
            ELSE newest.rate_limit
              - ceil(greatest(0, least(coalesce(r.full_us, 0) - now_us, newest.period_us)) / step_us - 0.001)::integer END AS turns
        FROM (SELECT DISTINCT s.concurrency_key, s.rate_key FROM troupe.slot s
          WHERE s.workflow_id = wanted AND NOT s.granted) w
        LEFT JOIN (SELECT s.concurrency_key, count(*)::integer AS held FROM troupe.slot s
          WHERE s.workflow_id = wanted AND s.granted GROUP BY s.concurrency_key) h ON h.concurrency_key = w.concurrency_key
        LEFT JOIN troupe.rate r ON r.workflow_id = wanted AND r.key = w.rate_key)
      SELECT q.execution_id, l.concurrency_key, l.rate_key, l.places, l.turns, e.id IS NOT NULL AS alive
      FROM line l CROSS JOIN LATERAL (
        SELECT s.execution_id, s.arrival FROM troupe.slot s
        WHERE s.workflow_id = wanted AND NOT s.granted AND s.concurrency_key = l.concurrency_key AND s.rate_key = l.rate_key
        ORDER BY s.arrival LIMIT greatest(0, least(l.places, l.turns, at_most))) q
      LEFT JOIN troupe.execution e ON e.id = q.execution_id AND e.stopped_at IS NULL
      ORDER BY q.arrival LIMIT at_most
    LOOP
      IF NOT head.alive THEN
        gone := gone || head.execution_id;
        CONTINUE;
      END IF;
      places := coalesce((taken_places ->> head.concurrency_key)::integer, 0);
      turns := coalesce((taken_turns ->> head.rate_key)::integer, 0);
      CONTINUE WHEN places >= head.places OR turns >= head.turns OR cardinality(ids) + cardinality(chosen) >= at_most;
      taken_places := taken_places || jsonb_build_object(head.concurrency_key, places + 1);
      taken_turns := taken_turns || jsonb_build_object(head.rate_key, turns + 1);
      chosen := chosen || head.execution_id;
    END LOOP;
    UPDATE troupe.slot s SET granted = true WHERE s.execution_id = ANY(chosen);
    INSERT INTO troupe.rate AS r (workflow_id, key, full_us)
      SELECT wanted, t.key, now_us + round(t.value::integer * step_us) FROM jsonb_each_text(taken_turns) t
      WHERE t.key <> '' AND newest.rate_limit IS NOT NULL
      ON CONFLICT (workflow_id, key) DO UPDATE SET
        full_us = excluded.full_us + least(greatest(0, r.full_us - now_us), newest.period_us);
    ids := ids || chosen;
    EXIT WHEN cardinality(gone) = 0;
    DELETE FROM troupe.slot s WHERE s.execution_id = ANY(gone);
  END LOOP;
  SELECT count(*) INTO waiting FROM troupe.slot s WHERE s.workflow_id = wanted AND NOT s.granted;
  SELECT ceil(min(r.full_us - (newest.rate_limit - 1) * step_us - now_us) / 1000)::integer INTO next_ms
    FROM troupe.rate r
    WHERE r.workflow_id = wanted AND r.full_us - (newest.rate_limit - 1) * step_us > now_us AND r.key IN (
      SELECT s.rate_key FROM troupe.slot s WHERE s.workflow_id = wanted AND NOT s.granted);
END $body$;
`;

export class SlotTables extends Migration {
  override name = '004-slots';

  override up(): void {
    for (const sql of [SLOT, GRANT]) this.addSql(sql);
  }
}
