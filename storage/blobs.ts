import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { BlobStore } from '#runtime';
import { errors } from './errors.ts';
import { BLOB_BYTES } from './limits.ts';
import { query } from './pool.ts';

/** Content by its sha256, in one table. Nobody counts references: retention drops what nothing touched for long. */
export class BlobTable implements BlobStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Stores bytes (at most BLOB_BYTES, else BLOB_TOO_LARGE) and answers their sha256 as lower-case hex. */
  async put(bytes: Uint8Array): Promise<string> {
    if (bytes.byteLength > BLOB_BYTES) throw errors.BLOB_TOO_LARGE({ bytes: bytes.byteLength, limit: BLOB_BYTES });
    const sha256 = createHash('sha256').update(bytes).digest();
    // The content is sent only when it is new; either way the row is marked as used today.
    const touched = await query(this.#pool, {
      name: 'blob-touch',
      text: `UPDATE troupe.blob SET touched_at = now() WHERE sha256 = $1 RETURNING 1 AS found`,
      values: [sha256],
    });
    if (touched.length === 0) {
      await query(this.#pool, {
        name: 'blob-put',
        text: `INSERT INTO troupe.blob (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE SET touched_at = now()`,
        values: [sha256, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)],
      });
    }
    return sha256.toString('hex');
  }

  /** The bytes, or undefined for an id that is not there (or is no sha256). */
  async get(id: string): Promise<Uint8Array | undefined> {
    return /^[0-9a-f]{64}$/.test(id) ? this.read(Buffer.from(id, 'hex')) : undefined;
  }

  /** By the sha256 itself. */
  async read(sha256: Uint8Array): Promise<Uint8Array | undefined> {
    const rows = await query<{ bytes: Buffer }>(this.#pool, {
      name: 'blob-get',
      text: `SELECT bytes FROM troupe.blob WHERE sha256 = $1`,
      values: [Buffer.from(sha256)],
    });
    return rows[0]?.bytes;
  }
}
