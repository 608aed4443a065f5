import type { InboxMessage, SlotClaim, Step } from '#runtime';
import { storedKey } from '../slots.ts';
import type { Family } from './batch.ts';
import { byteas, int2s, int4s, int8s, texts } from './columns.ts';
import { idNumber } from './ids.ts';
import type { EncodedRow, PackedRow } from './pack.ts';
import { COLUMNS, HEAD_COLUMNS, PART, partsOf, type PartName } from './statement.ts';

/** One value of a column; absent becomes null. */
type Cell = number | string | Uint8Array | null | undefined;

/** Journal rows of a step, packed and encoded. */
export type EncodedStep = readonly (PackedRow & EncodedRow)[];

const ENCODERS = { int2: int2s, int4: int4s, int8: int8s, text: texts, bytea: byteas } as const;

/** Columns of all parts of one statement, filled row by row. */
class Table {
  mask = 0;
  readonly #columns: Partial<Record<PartName, Cell[][]>> = {};

  /** Cells in the order of COLUMNS. */
  add(part: PartName, ...cells: Cell[]): void {
    let columns = this.#columns[part];
    if (!columns) {
      this.mask |= PART[part];
      columns = this.#columns[part] = COLUMNS[part].map(() => []);
    }
    for (let index = 0; index < cells.length; index += 1) columns[index]?.push(cells[index]);
  }

  parameters(head: readonly Cell[][]): Buffer[] {
    const all = HEAD_COLUMNS.map((column, index) => encode(column, head[index] ?? []));
    for (const part of partsOf(this.mask)) {
      COLUMNS[part].forEach((column, index) => all.push(encode(column, this.#columns[part]?.[index] ?? [])));
    }
    return all;
  }
}

function encode(column: string, cells: readonly Cell[]): Buffer {
  const type = column.slice(column.indexOf(' ') + 1) as keyof typeof ENCODERS; // COLUMNS names no other type
  // The table above puts numbers into number columns and text into text columns, row by row.
  return ENCODERS[type](cells as never);
}

/** Mask and parameters of the statement that commits these families; `rows` gives the encoded rows of each step. */
export function gather(
  families: readonly Family[],
  rows: ReadonlyMap<Step, EncodedStep>,
): { mask: number; parameters: Buffer[] } {
  const table = new Table();
  const epochs = new Map<number, number>();
  const head: number[][] = [[], []];
  const created = new Set<string>();
  for (const { steps } of families) for (const step of steps) if (step.create) created.add(step.executionId);
  for (const { n, steps } of families) {
    for (const step of steps) {
      epochs.set(step.shard, step.epoch);
      head[0]?.push(n);
      head[1]?.push(step.shard);
      addStep(table, n, step, rows.get(step) ?? [], created);
    }
  }
  // In one order everywhere, so that commits and claims never wait for each other in a ring.
  const shards = [...epochs.keys()].sort((a, b) => a - b);
  const parameters = table.parameters([shards, shards.map((shard) => epochs.get(shard)), ...head]);
  return { mask: table.mask, parameters };
}

function addStep(table: Table, n: number, step: Step, rows: EncodedStep, created: ReadonlySet<string>): void {
  const id = idNumber(step.executionId);
  if (step.create) addCreate(table, n, id, step);
  else addUpdate(table, n, id, step);
  for (const row of rows) {
    table.add('rows', n, id, row.seq, row.count, step.shard, step.epoch, row.encoding, row.payload);
  }
  if (step.timersSet || step.timersDone) addTimers(table, n, step);
  if (step.slot) addSlot(table, n, id, step, step.slot);
  for (const message of new Set(step.inboxDone)) table.add('inboxDone', n, id, message);
  for (const message of step.deliver ?? []) addDelivery(table, n, message, created);
  addOutbox(table, n, step);
  for (const [key, value] of Object.entries(step.staticData ?? {})) {
    table.add('staticData', n, id, step.create?.workflowId, key, JSON.stringify(value ?? null));
  }
}

function addCreate(table: Table, n: number, id: number, step: Step): void {
  const create = step.create;
  if (!create) return;
  table.add(
    'create',
    n,
    id,
    step.shard,
    create.workflowId,
    create.workflowVersion,
    create.mode,
    step.status,
    create.startedAt,
    step.stoppedAt,
    step.wakeAt,
    step.events.at(-1)?.seq ?? 0,
    step.recoveries ?? 0,
    create.idempotencyKey,
    create.parentExecutionId === undefined ? null : idNumber(create.parentExecutionId),
    create.retryOf === undefined ? null : idNumber(create.retryOf),
  );
  if (create.idempotencyKey !== undefined) table.add('keys', n, create.workflowId, create.idempotencyKey, id);
}

function addUpdate(table: Table, n: number, id: number, step: Step): void {
  const first = step.events[0]?.seq;
  const last = step.events.at(-1)?.seq;
  table.add('update', n, id, step.shard, step.status, step.stoppedAt, step.wakeAt, first, last, step.recoveries);
}

function addSlot(table: Table, n: number, id: number, { create, events }: Step, slot: SlotClaim): void {
  const { concurrency, rate } = slot;
  const keys = [storedKey(concurrency), storedKey(rate)];
  const limits = [concurrency?.limit, rate?.limit, rate?.perMs];
  table.add('slots', n, id, create?.workflowId, ...keys, ...limits, events.at(-1)?.seq ?? 0);
}

/** A timer that is set and done within one step was never needed; one that is set twice counts as set last. */
function addTimers(table: Table, n: number, step: Step): void {
  const done = new Set(step.timersDone);
  const set = new Map((step.timersSet ?? []).map((timer) => [timer.id, timer]));
  for (const timer of set.values()) {
    if (done.has(timer.id)) continue;
    table.add('timersSet', n, timer.id, idNumber(timer.executionId), timer.fireAt, timer.shard, timer.kind);
  }
  for (const id of done) table.add('timersDone', n, id);
}

/** One row for all events of a step: that they left together makes them cheap. It goes by the id of the first. */
function addOutbox(table: Table, n: number, { outbox, shard }: Step): void {
  const first = outbox?.[0];
  if (first) table.add('outbox', n, first.id, shard, JSON.stringify(outbox?.length === 1 ? first : outbox));
}

function addDelivery(table: Table, n: number, message: InboxMessage, created: ReadonlySet<string>): void {
  const fresh = created.has(message.executionId) ? 1 : 0;
  const payload = JSON.stringify(message.payload ?? null);
  table.add('deliver', n, idNumber(message.executionId), message.messageId, message.kind, payload, fresh);
}
