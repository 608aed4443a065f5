/** SHA3-512 (FIPS 202): Keccak-f[1600] over 25 lanes of 64 bits. */

const MASK = 0xffffffffffffffffn;
const RATE_BYTES = 72;

const rotate = (x: bigint, n: bigint) => (n === 0n ? x : ((x << n) | (x >> (64n - n))) & MASK);

/** Round constants from the linear feedback shift register of the standard. */
const CONSTANTS: bigint[] = [];
{
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** j - 1);
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
    CONSTANTS.push(constant);
  }
}

function permute(a: bigint[]): void {
  for (const constant of CONSTANTS) {
    const c = [0, 1, 2, 3, 4].map((x) => [0, 5, 10, 15, 20].reduce((sum, y) => sum ^ (a[x + y] ?? 0n), 0n));
    const d = [0, 1, 2, 3, 4].map((x) => (c[(x + 4) % 5] ?? 0n) ^ rotate(c[(x + 1) % 5] ?? 0n, 1n));
    for (let i = 0; i < 25; i++) a[i] = (a[i] ?? 0n) ^ (d[i % 5] ?? 0n);
    let [x, y] = [1, 0];
    let current = a[1] ?? 0n;
    for (let t = 0; t < 24; t++) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const at = x + 5 * y;
      const next = a[at] ?? 0n;
      a[at] = rotate(current, BigInt((((t + 1) * (t + 2)) / 2) % 64));
      current = next;
    }
    for (let row = 0; row < 25; row += 5) {
      const line = a.slice(row, row + 5);
      for (let i = 0; i < 5; i++)
        a[row + i] = (line[i] ?? 0n) ^ (~(line[(i + 1) % 5] ?? 0n) & MASK & (line[(i + 2) % 5] ?? 0n));
    }
    a[0] = (a[0] ?? 0n) ^ constant;
  }
}

export function sha3(bytes: Uint8Array): Uint8Array {
  const blocks = Math.floor(bytes.length / RATE_BYTES) + 1;
  const padded = new Uint8Array(blocks * RATE_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x06;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  const view = new DataView(padded.buffer);
  const state = Array.from({ length: 25 }, () => 0n);
  for (let block = 0; block < padded.length; block += RATE_BYTES) {
    for (let lane = 0; lane < RATE_BYTES / 8; lane++) {
      state[lane] = (state[lane] ?? 0n) ^ view.getBigUint64(block + lane * 8, true);
    }
    permute(state);
  }
  const out = new DataView(new ArrayBuffer(64));
  for (let lane = 0; lane < 8; lane++) out.setBigUint64(lane * 8, state[lane] ?? 0n, true);
  return new Uint8Array(out.buffer);
}
