import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { JournalEvent } from '#runtime';
import type { RunEvent } from '#workflow';
import { errors } from '../errors.ts';
import {
  BLOB_FROM_BYTES,
  COMPRESS_ASYNC_FROM_BYTES,
  COMPRESS_FROM_BYTES,
  EVENT_ALONE_BYTES,
  PAYLOAD_BYTES,
} from '../limits.ts';

/** How `payload` of a journal row is to be read; the numbers are stored. */
export const ENCODING = { json: 0, zstd: 1, blob: 2 } as const;

/** A journal row before it is encoded: the events from `seq` on, as the text of a JSON array. */
export interface PackedRow {
  readonly seq: number;
  readonly count: number;
  readonly text: string;
}

/** A journal row as it is stored; `blob` is to be stored before it, under the sha256 that `payload` holds. */
export interface EncodedRow {
  readonly encoding: number;
  readonly payload: string | Uint8Array;
  readonly blob?: Uint8Array;
}

const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressAsync = promisify(zstdCompress);
const decompressAsync = promisify(zstdDecompress);

/**
 * Packs the events of one step into as few rows as possible: one, unless an event is large; that one gets a row of
 * its own, so that reading what lies around it stays cheap.
 */
export function packEvents(events: readonly JournalEvent[]): PackedRow[] {
  const rows: PackedRow[] = [];
  let open: string[] = [];
  let openSeq = 0;
  const close = (): void => {
    if (open.length > 0) rows.push({ seq: openSeq, count: open.length, text: `[${open.join(',')}]` });
    open = [];
  };
  for (const { seq, event } of events) {
    const text = JSON.stringify(event);
    if (text.length > EVENT_ALONE_BYTES) {
      close();
      rows.push({ seq, count: 1, text: `[${text}]` });
      continue;
    }
    if (open.length === 0) openSeq = seq;
    open.push(text);
  }
  close();
  return rows;
}

/**
 * Encodes a row. Small ones at once, without a promise: they are nearly all. Sizes are judged by UTF-16 length,
 * which is the byte length of the JSON of most data.
 */
export function encodeRow(row: PackedRow): EncodedRow | Promise<EncodedRow> {
  if (row.text.length <= COMPRESS_FROM_BYTES) return { encoding: ENCODING.json, payload: row.text };
  if (row.text.length > COMPRESS_ASYNC_FROM_BYTES) return compressAsync(row.text, FAST).then(place);
  return place(zstdCompressSync(row.text, FAST));
}

function place(compressed: Uint8Array): EncodedRow {
  if (compressed.byteLength <= BLOB_FROM_BYTES) return { encoding: ENCODING.zstd, payload: compressed };
  return { encoding: ENCODING.blob, payload: createHash('sha256').update(compressed).digest(), blob: compressed };
}

/** A row as read back. `text` is there for plain JSON, `payload` otherwise. */
export interface StoredRow {
  readonly seq: number;
  readonly count: number;
  readonly encoding: number;
  readonly text: string | null;
  readonly payload: Uint8Array | null;
}

/**
 * The events of a stored row with their seq. Rejects with JOURNAL_CORRUPT when the row does not hold what it says:
 * the check after the read that pairs with the write.
 */
export async function unpackRow(
  executionId: string,
  row: StoredRow,
  blob: (sha256: Uint8Array) => Promise<Uint8Array | undefined>,
): Promise<JournalEvent[]> {
  const corrupt = (reason: string, cause?: unknown): Error =>
    errors.JOURNAL_CORRUPT({ executionId, seq: row.seq, reason }, cause);
  let events: unknown;
  try {
    events = JSON.parse(row.text ?? (await decode(row, blob)));
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!Array.isArray(events) || events.length !== row.count) throw corrupt(`not an array of ${row.count} events`);
  // What we wrote ourselves under the same type; the fold validates what it needs.
  return (events as RunEvent[]).map((event, index) => ({ seq: row.seq + index, event }));
}

async function decode(row: StoredRow, blob: (sha256: Uint8Array) => Promise<Uint8Array | undefined>): Promise<string> {
  const stored = row.encoding === ENCODING.blob ? await blob(row.payload ?? new Uint8Array()) : row.payload;
  if (!stored) throw errors.JOURNAL_REFUSED({ reason: 'its content is missing' });
  const limits = { maxOutputLength: PAYLOAD_BYTES };
  const large = stored.byteLength > COMPRESS_ASYNC_FROM_BYTES;
  return (large ? await decompressAsync(stored, limits) : zstdDecompressSync(stored, limits)).toString('utf8');
}
