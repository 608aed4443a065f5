/**
 * Arrays in PostgreSQL's binary format. One parameter carries a column of a whole batch; binary saves quoting in
 * Node, parsing in PostgreSQL, and the doubling of bytes that hexadecimal would cost.
 *
 *   int32 dimensions (0 or 1) | int32 has-nulls | int32 element type
 *   when 1: int32 length | int32 lower bound = 1
 *   per element: int32 byte length, -1 for null | bytes in network order
 */

const OID = { int2: 21, int4: 23, int8: 20, text: 25, bytea: 17 } as const;
const HEADER_BYTES = 20;
const EMPTY_BYTES = 12;
const TWO_32 = 2 ** 32;

/** Null or absent become SQL null. */
export type Column<T> = readonly (T | null | undefined)[];

export function int2s(values: Column<number>): Buffer {
  return fixed(OID.int2, 2, values, (buffer, at, value) => buffer.writeInt16BE(value, at));
}

export function int4s(values: Column<number>): Buffer {
  return fixed(OID.int4, 4, values, (buffer, at, value) => buffer.writeInt32BE(value, at));
}

/** Whole numbers from 0 to 2^53; fractions are cut (times are whole milliseconds). */
export function int8s(values: Column<number>): Buffer {
  return fixed(OID.int8, 8, values, (buffer, at, value) => {
    const whole = Math.trunc(value);
    buffer.writeInt32BE(Math.floor(whole / TWO_32), at);
    buffer.writeUInt32BE(((whole % TWO_32) + TWO_32) % TWO_32, at + 4);
  });
}

export function texts(values: Column<string>): Buffer {
  return variable(OID.text, values);
}

/** Strings are written as UTF-8. */
export function byteas(values: Column<string | Uint8Array>): Buffer {
  return variable(OID.bytea, values);
}

function fixed(
  oid: number,
  width: number,
  values: Column<number>,
  write: (buffer: Buffer, at: number, value: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (4 + width));
  let at = HEADER_BYTES;
  let nulls = 0;
  for (const value of values) {
    if (value === null || value === undefined) {
      nulls = 1;
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    at = buffer.writeInt32BE(width, at);
    write(buffer, at, value);
    at += width;
  }
  return finish(buffer, at, oid, nulls, values.length);
}

function variable(oid: number, values: Column<string | Uint8Array>): Buffer {
  let bytes = HEADER_BYTES + values.length * 4;
  for (const value of values) {
    if (typeof value === 'string') bytes += Buffer.byteLength(value);
    else if (value) bytes += value.byteLength;
  }
  const buffer = Buffer.allocUnsafe(bytes);
  let at = HEADER_BYTES;
  let nulls = 0;
  for (const value of values) {
    if (value === null || value === undefined) {
      nulls = 1;
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    const start = at + 4;
    if (typeof value === 'string') at = start + buffer.write(value, start);
    else {
      buffer.set(value, start);
      at = start + value.byteLength;
    }
    buffer.writeInt32BE(at - start, start - 4);
  }
  return finish(buffer, at, oid, nulls, values.length);
}

function finish(buffer: Buffer, end: number, oid: number, nulls: number, length: number): Buffer {
  buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(nulls, 4);
  buffer.writeInt32BE(oid, 8);
  if (length === 0) return buffer.subarray(0, EMPTY_BYTES);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer.subarray(0, end);
}
