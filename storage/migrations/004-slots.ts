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
  workflow_id text COLLATE "C" NOT NULL,
  concurrency_key text COLLATE "C" NOT NULL,
  rate_key text COLLATE "C" NOT NULL
);
CREATE INDEX slot_queue ON troupe.slot (workflow_id, concurrency_key, rate_key, arrival) WHERE NOT granted;
CREATE INDEX slot_taken ON troupe.slot (workflow_id, concurrency_key, arrival) WHERE granted;
CREATE UNIQUE INDEX slot_arrival ON troupe.slot (arrival);

CREATE TABLE troupe.rate (
  workflow_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
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
 * A line is all who wait for the same two keys. Only lines whose keys have room are looked at, those with the oldest
 * head first: more of them than turns are given cannot count. Their heads are taken in order of arrival while both of
 * their keys still have room. What is known per key is kept as jsonb, so that no plan depends on statistics of a table
 * that is empty most of the time.
 */
const GRANT = `
CREATE FUNCTION troupe.grant_slots(wanted text, at_most integer, OUT ids bigint[], OUT waiting integer, OUT next_ms integer)
LANGUAGE plpgsql VOLATILE AS $body$
DECLARE
  newest record;
  line record;
  head record;
  newest_arrival bigint;
  now_us bigint;
  step_us numeric;
  held jsonb;
  spent jsonb;
  heads bigint[];
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
  SELECT count(*), max(s.arrival) INTO waiting, newest_arrival FROM troupe.slot s
    WHERE s.workflow_id = wanted AND NOT s.granted;
  IF waiting = 0 THEN
    RETURN;
  END IF;
  SELECT greatest(newest_arrival, max(s.arrival)) INTO newest_arrival FROM troupe.slot s
    WHERE s.workflow_id = wanted AND s.granted;
  SELECT s.concurrency_limit, s.rate_limit, s.rate_per_ms * 1000::bigint AS period_us INTO newest
    FROM troupe.slot s WHERE s.arrival = newest_arrival;
  step_us := newest.period_us::numeric / newest.rate_limit;
  DELETE FROM troupe.rate r WHERE r.workflow_id = wanted AND r.full_us <= now_us;
  LOOP
    SELECT coalesce(jsonb_object_agg(h.concurrency_key, h.held), '{}') INTO held FROM (
      SELECT s.concurrency_key, count(*) AS held FROM troupe.slot s
      WHERE s.workflow_id = wanted AND s.granted GROUP BY s.concurrency_key) h;
    SELECT coalesce(jsonb_object_agg(r.key, ceil(least(r.full_us - now_us, newest.period_us) / step_us - 0.001)), '{}')
      INTO spent FROM troupe.rate r WHERE r.workflow_id = wanted;
    heads := '{}';
    FOR line IN
      SELECT l.concurrency_key, l.rate_key, least(l.places, l.turns) AS room FROM (
        SELECT s.concurrency_key, s.rate_key, min(s.arrival) AS oldest,
          CASE WHEN s.concurrency_key = '' OR newest.concurrency_limit IS NULL THEN at_most
            ELSE newest.concurrency_limit - coalesce((held ->> s.concurrency_key)::integer, 0) END AS places,
          CASE WHEN s.rate_key = '' OR newest.rate_limit IS NULL THEN at_most
            ELSE newest.rate_limit - coalesce((spent ->> s.rate_key)::integer, 0) END AS turns
        FROM troupe.slot s WHERE s.workflow_id = wanted AND NOT s.granted
        GROUP BY s.concurrency_key, s.rate_key) l
      WHERE l.places > 0 AND l.turns > 0 ORDER BY l.oldest LIMIT at_most
    LOOP
      heads := heads || ARRAY(SELECT s.execution_id FROM troupe.slot s
        WHERE s.workflow_id = wanted AND NOT s.granted
          AND s.concurrency_key = line.concurrency_key AND s.rate_key = line.rate_key
        ORDER BY s.arrival LIMIT least(line.room, at_most));
    END LOOP;
    gone := '{}';
    chosen := '{}';
    taken_places := '{}';
    taken_turns := '{}';
    FOR head IN
      SELECT s.execution_id, s.concurrency_key, s.rate_key, EXISTS (
        SELECT 1 FROM troupe.execution e WHERE e.id = s.execution_id AND e.stopped_at IS NULL) AS alive
      FROM troupe.slot s WHERE s.execution_id = ANY(heads) ORDER BY s.arrival
    LOOP
      EXIT WHEN cardinality(ids) + cardinality(chosen) >= at_most;
      IF NOT head.alive THEN
        gone := gone || head.execution_id;
        CONTINUE;
      END IF;
      places := coalesce((taken_places ->> head.concurrency_key)::integer, 0) + 1;
      turns := coalesce((taken_turns ->> head.rate_key)::integer, 0) + 1;
      CONTINUE WHEN head.concurrency_key <> ''
        AND places + coalesce((held ->> head.concurrency_key)::integer, 0) > newest.concurrency_limit;
      CONTINUE WHEN head.rate_key <> ''
        AND turns + coalesce((spent ->> head.rate_key)::integer, 0) > newest.rate_limit;
      taken_places := taken_places || jsonb_build_object(head.concurrency_key, places);
      taken_turns := taken_turns || jsonb_build_object(head.rate_key, turns);
      chosen := chosen || head.execution_id;
    END LOOP;
    UPDATE troupe.slot s SET granted = true WHERE s.execution_id = ANY(chosen);
    INSERT INTO troupe.rate AS r (workflow_id, key, full_us)
      SELECT wanted, t.key, now_us + round(t.value::integer * step_us) FROM jsonb_each_text(taken_turns) t
      WHERE t.key <> '' AND newest.rate_limit IS NOT NULL
      ON CONFLICT (workflow_id, key) DO UPDATE SET
        full_us = excluded.full_us + least(r.full_us - now_us, newest.period_us);
    ids := ids || chosen;
    waiting := waiting - cardinality(chosen) - cardinality(gone);
    EXIT WHEN cardinality(gone) = 0;
    DELETE FROM troupe.slot s WHERE s.execution_id = ANY(gone);
  END LOOP;
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
