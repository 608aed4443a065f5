import { padded } from './md5.ts';

/** SHA-1 and SHA-2 (FIPS 180-4). Constants are computed from primes, as the standard defines them. */

const PRIMES: number[] = [];
for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every((prime) => n % prime !== 0)) PRIMES.push(n);

/** The first 64 bits of the fractional part of the square or cube root of a prime, in whole numbers. */
function fraction(prime: number, root: 2 | 3): bigint {
  const scaled = BigInt(prime) << BigInt(64 * root);
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(root) <= scaled) low = middle;
    else high = middle;
  }
  return low & 0xffffffffffffffffn;
}

const MASK = 0xffffffffffffffffn;
const K64 = PRIMES.map((prime) => fraction(prime, 3));
const K32 = K64.slice(0, 64).map((k) => Number(k >> 32n) | 0);
const ROOTS = PRIMES.slice(0, 16).map((prime) => fraction(prime, 2));

const left = (x: number, n: number) => (x << n) | (x >>> (32 - n));
const right = (x: number, n: number) => (x >>> n) | (x << (32 - n));

export function sha1(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 64, false);
  const h = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  const w = new Int32Array(80);
  const at = (list: readonly number[] | Int32Array, i: number) => list[i] ?? 0;
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 80; i++) {
      w[i] =
        i < 16 ? view.getInt32(block + i * 4) : left(at(w, i - 3) ^ at(w, i - 8) ^ at(w, i - 14) ^ at(w, i - 16), 1);
    }
    let [a, b, c, d, e] = [at(h, 0), at(h, 1), at(h, 2), at(h, 3), at(h, 4)];
    for (let i = 0; i < 80; i++) {
      const mix = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const k = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc | 0, 0xca62c1d6 | 0][Math.floor(i / 20)] ?? 0;
      [a, b, c, d, e] = [(left(a, 5) + mix + e + k + at(w, i)) | 0, a, left(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((value, i) => (h[i] = (at(h, i) + value) | 0));
  }
  return words(h);
}

function words(list: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(list.length * 4));
  list.forEach((word, i) => view.setInt32(i * 4, word));
  return new Uint8Array(view.buffer);
}

function sha2Narrow(bytes: Uint8Array, start: readonly number[], length: number): Uint8Array {
  const view = padded(bytes, 64, false);
  const h = [...start];
  const w = new Int32Array(64);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = view.getInt32(block + i * 4);
      else {
        const x = w[i - 15] ?? 0;
        const y = w[i - 2] ?? 0;
        const s0 = right(x, 7) ^ right(x, 18) ^ (x >>> 3);
        const s1 = right(y, 17) ^ right(y, 19) ^ (y >>> 10);
        w[i] = ((w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1) | 0;
      }
    }
    compressNarrow(h, w);
  }
  return words(h).slice(0, length);
}

function compressNarrow(h: number[], w: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, i = 0] = h;
  for (let t = 0; t < 64; t++) {
    const s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const t1 = (i + s1 + ((e & f) ^ (~e & g)) + (K32[t] ?? 0) + (w[t] ?? 0)) | 0;
    const s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, i] = [(t1 + t2) | 0, a, b, c, (d + t1) | 0, e, f, g];
  }
  [a, b, c, d, e, f, g, i].forEach((value, n) => (h[n] = ((h[n] ?? 0) + value) | 0));
}

const wide = (x: bigint, n: bigint) => ((x >> n) | (x << (64n - n))) & MASK;

function sha2Wide(bytes: Uint8Array, start: readonly bigint[], length: number): Uint8Array {
  const view = padded(bytes, 128, false);
  const h = [...start];
  for (let block = 0; block < view.byteLength; block += 128) {
    const w: bigint[] = [];
    for (let i = 0; i < 80; i++) {
      if (i < 16) w.push(view.getBigUint64(block + i * 8));
      else {
        const x = w[i - 15] ?? 0n;
        const y = w[i - 2] ?? 0n;
        const s0 = wide(x, 1n) ^ wide(x, 8n) ^ (x >> 7n);
        const s1 = wide(y, 19n) ^ wide(y, 61n) ^ (y >> 6n);
        w.push(((w[i - 16] ?? 0n) + s0 + (w[i - 7] ?? 0n) + s1) & MASK);
      }
    }
    compressWide(h, w);
  }
  const out = new DataView(new ArrayBuffer(64));
  h.forEach((word, i) => out.setBigUint64(i * 8, word));
  return new Uint8Array(out.buffer).slice(0, length);
}

function compressWide(h: bigint[], w: readonly bigint[]): void {
  let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, i = 0n] = h;
  for (let t = 0; t < 80; t++) {
    const s1 = wide(e, 14n) ^ wide(e, 18n) ^ wide(e, 41n);
    const t1 = i + s1 + ((e & f) ^ (~e & MASK & g)) + (K64[t] ?? 0n) + (w[t] ?? 0n);
    const s0 = wide(a, 28n) ^ wide(a, 34n) ^ wide(a, 39n);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, i] = [(t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g];
  }
  [a, b, c, d, e, f, g, i].forEach((value, n) => (h[n] = ((h[n] ?? 0n) + value) & MASK));
}

const high = (value: bigint) => Number(value >> 32n) | 0;
const low = (value: bigint) => Number(value & 0xffffffffn) | 0;

export const sha256 = (bytes: Uint8Array) => sha2Narrow(bytes, ROOTS.slice(0, 8).map(high), 32);
/** Starts from the second 32 bits of the roots of the 9th to 16th prime. */
export const sha224 = (bytes: Uint8Array) => sha2Narrow(bytes, ROOTS.slice(8).map(low), 28);
export const sha512 = (bytes: Uint8Array) => sha2Wide(bytes, ROOTS.slice(0, 8), 64);
export const sha384 = (bytes: Uint8Array) => sha2Wide(bytes, ROOTS.slice(8), 48);
