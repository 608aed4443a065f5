import { DatabaseError, type Pool } from 'pg';
import type { Step, StepOutcome } from '#runtime';
import type { BlobTable } from '../blobs.ts';
import { errors, portErrors } from '../errors.ts';
import { COMMIT_MS } from '../limits.ts';
import type { Log } from '../log.ts';
import { connect, reasonOf, verdictOf } from '../pool.ts';
import { toWaves, type Family } from './batch.ts';
import { int8s, texts } from './columns.ts';
import { gather, type EncodedStep } from './gather.ts';
import { idNumber } from './ids.ts';
import { encodeRow, packEvents, type EncodedRow, type PackedRow } from './pack.ts';
import { statementFor } from './statement.ts';

const COMMITTED: StepOutcome = { kind: 'committed' };
const FENCED: StepOutcome = { kind: 'fenced' };
/** Refusals of one step by the table: another incarnation wrote that seq or that execution, or the run has ended. */
const CONTRADICTION = new Set(['TR001', '23505']);
const DEADLOCK = '40P01';
const NO_PARTITION = '23514';
const ATTEMPTS = 3;

/** Commits batches; see {@link Journal.commit}. */
export class Committing {
  readonly #pool: Pool;
  readonly #blobs: BlobTable;
  readonly #log: Log;

  constructor(pool: Pool, blobs: BlobTable, log: Log) {
    this.#pool = pool;
    this.#blobs = blobs;
    this.#log = log;
  }

  async commit(steps: readonly Step[]): Promise<readonly StepOutcome[]> {
    const outcomes: StepOutcome[] = Array.from({ length: steps.length }, () => COMMITTED);
    const waves = toWaves(steps);
    const rows = await this.#encode(waves);
    for (const [index, wave] of waves.entries()) {
      try {
        await this.#wave(wave, rows, outcomes);
      } catch (cause) {
        // What earlier waves wrote stays written, so of the whole batch nothing can be said.
        if (index > 0) throw portErrors.unknown(steps[0]?.executionId ?? '', cause);
        throw cause;
      }
    }
    return outcomes;
  }

  /** Payloads of all steps. Large ones are stored as blobs first: a blob without a row is only waste. */
  async #encode(waves: readonly Family[][]): Promise<Map<Step, EncodedStep>> {
    const encoded = new Map<Step, EncodedStep>();
    const late: Promise<void>[] = [];
    for (const step of waves.flat().flatMap((family) => family.steps)) {
      const rows = packEvents(step.events);
      const sync: (PackedRow & EncodedRow)[] = [];
      encoded.set(step, sync);
      for (const [index, row] of rows.entries()) {
        const made = encodeRow(row);
        if (made instanceof Promise) late.push(this.#placeLate(sync, index, row, made));
        else sync[index] = { ...row, ...made };
      }
    }
    if (late.length > 0) await Promise.all(late);
    return encoded;
  }

  async #placeLate(
    into: (PackedRow & EncodedRow)[],
    index: number,
    row: PackedRow,
    making: Promise<EncodedRow>,
  ): Promise<void> {
    const made = await making;
    if (made.blob) await this.#blobs.put(made.blob);
    into[index] = { ...row, ...made };
  }

  async #wave(families: Family[], rows: Map<Step, EncodedStep>, outcomes: StepOutcome[]): Promise<void> {
    try {
      const refused = await this.#execute(families, rows);
      if (refused.length > 0) await this.#refuse(families, refused, outcomes);
    } catch (cause) {
      if (!isContradiction(cause)) throw cause;
      // Nothing of the wave was written. Each family on its own: only the one that contradicts is refused.
      if (families.length > 1) for (const family of families) await this.#wave([family], rows, outcomes);
      else this.#contradicts(families[0], outcomes, cause);
    }
  }

  /** A stale incarnation wrote on: for its actor that is the same as a fence. */
  #contradicts(family: Family | undefined, outcomes: StepOutcome[], cause: unknown): void {
    if (!family) return;
    const executionId = family.steps[0]?.executionId;
    this.#log.warn({ executionId, err: cause }, 'a step contradicts the journal and was refused');
    outcomes[family.n] = FENCED;
  }

  async #refuse(
    families: readonly Family[],
    refused: readonly { n: number; why: number }[],
    outcomes: StepOutcome[],
  ): Promise<void> {
    const taken = new Set<number>();
    for (const { n, why } of refused) {
      outcomes[n] = FENCED;
      if (why === 2) taken.add(n);
    }
    if (taken.size === 0) return;
    const keyed = families.filter(({ n }) => taken.has(n));
    const owners = await this.#ownersOf(keyed);
    for (const { n, steps } of keyed) {
      const create = steps.find((step) => step.create?.idempotencyKey !== undefined)?.create;
      const owner = owners.get(`${create?.workflowId}\n${create?.idempotencyKey}`);
      if (owner !== undefined) outcomes[n] = { kind: 'duplicate', executionId: String(owner) };
    }
  }

  async #ownersOf(families: readonly Family[]): Promise<Map<string, number>> {
    const creates = families.flatMap(({ steps }) =>
      steps.flatMap(({ create }) => (create?.idempotencyKey ? [create] : [])),
    );
    const { rows } = await this.#send<{ workflow_id: string; key: string; execution_id: number }>(families, {
      name: 'key-owners',
      text: `SELECT i.workflow_id, i.key, i.execution_id FROM troupe.idempotency i
        JOIN unnest($1::text[], $2::text[]) AS u(workflow_id, key) ON u.workflow_id = i.workflow_id AND u.key = i.key`,
      values: [
        texts(creates.map((create) => create.workflowId)),
        texts(creates.map((create) => create.idempotencyKey)),
      ],
    });
    return new Map(rows.map((row) => [`${row.workflow_id}\n${row.key}`, row.execution_id]));
  }

  async #execute(families: Family[], rows: Map<Step, EncodedStep>): Promise<{ n: number; why: number }[]> {
    const { mask, parameters } = gather(families, rows);
    const statement = statementFor(mask);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await this.#send<{ n: number; why: number }>(families, { ...statement, values: parameters })).rows;
      } catch (cause) {
        if (attempt === ATTEMPTS || !(cause instanceof DatabaseError)) throw asRefused(cause);
        if (cause.code === NO_PARTITION && cause.message.includes('no partition')) await this.#partitionsFor(families);
        else if (cause.code !== DEADLOCK) throw asRefused(cause);
      }
    }
  }

  async #send<R extends object>(
    families: readonly Family[],
    config: { name: string; text: string; values: Buffer[] },
  ): Promise<{ rows: R[] }> {
    const client = await connect(this.#pool).catch((cause: unknown) => {
      throw portErrors.unreachable('commit', cause);
    });
    try {
      const timed = { ...config, query_timeout: COMMIT_MS };
      const result = await client.query<R>(timed);
      client.release();
      return result;
    } catch (cause) {
      const unknown = verdictOf(cause) === 'unknown';
      client.release(unknown);
      if (unknown) throw portErrors.unknown(families[0]?.steps[0]?.executionId ?? '', cause);
      throw cause;
    }
  }

  /** Ids of a block that was handed out long ago may lie in a partition that retention has dropped. */
  async #partitionsFor(families: readonly Family[]): Promise<void> {
    const ids = families.flatMap(({ steps }) => steps.map((step) => idNumber(step.executionId)));
    await this.#send(families, {
      name: 'make-partitions',
      text: `SELECT troupe.make_partition(p.number) FROM (SELECT DISTINCT u.id >> 33 AS number FROM unnest($1::int8[]) AS u(id)) p`,
      values: [int8s(ids)],
    });
  }
}

function isContradiction(cause: unknown): boolean {
  return cause instanceof DatabaseError && CONTRADICTION.has(cause.code ?? '');
}

function asRefused(cause: unknown): unknown {
  if (!(cause instanceof DatabaseError) || isContradiction(cause)) return cause;
  return errors.JOURNAL_REFUSED({ reason: reasonOf(cause) }, cause);
}
