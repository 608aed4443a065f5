import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { HASH_NAMES, hashText } from './index.ts';

/** Lengths around the block sizes, and text of several bytes per character. */
const TEXTS = [
  '',
  'abc',
  ...[55, 56, 63, 64, 65, 71, 72, 73, 111, 112, 127, 128, 129, 1000].map((n) => 'x'.repeat(n)),
  'é€😀'.repeat(50),
];

describe('hashes agree with the platform', () => {
  for (const name of HASH_NAMES) {
    it(name, () => {
      for (const text of TEXTS) {
        const expected = createHash(name === 'sha3' ? 'sha3-512' : name)
          .update(text)
          .digest('hex');
        assert.equal(hashText(text, name), expected, `length ${text.length}`);
      }
    });
  }
  it('an unknown name gives nothing', () => assert.equal(hashText('a', 'constructor'), undefined));
});
