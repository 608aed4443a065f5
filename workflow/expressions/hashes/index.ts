import { hex, md5 } from './md5.ts';
import { sha1, sha224, sha256, sha384, sha512 } from './sha.ts';
import { sha3 } from './sha3.ts';

const ALGORITHMS: ReadonlyMap<string, (bytes: Uint8Array) => Uint8Array> = new Map([
  ['md5', md5],
  ['sha1', sha1],
  ['sha224', sha224],
  ['sha256', sha256],
  ['sha384', sha384],
  ['sha512', sha512],
  ['sha3', sha3],
]);

export const HASH_NAMES: readonly string[] = [...ALGORITHMS.keys()];

/** Hash of a text's UTF-8 bytes in hexadecimal, or undefined for an unknown algorithm. */
export function hashText(text: string, algorithm: string): string | undefined {
  const run = ALGORITHMS.get(algorithm);
  return run === undefined ? undefined : hex(run(new TextEncoder().encode(text)));
}
