import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { HEAD_BYTES, decoder, encode } from './runner/frames.js';

type Got = [head: unknown, parts: string[]];

function read(chunks: readonly Buffer[], limit = 1_000_000): { frames: Got[]; broken: string[] } {
  const frames: Got[] = [];
  const broken: string[] = [];
  const feed = decoder(
    limit,
    (head, parts) => frames.push([head, parts]),
    (reason) => broken.push(reason),
  );
  for (const chunk of chunks) feed(chunk);
  return { frames, broken };
}

const lengths = (head: number, body: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32BE(head, 0);
  buffer.writeUInt32BE(body, 4);
  return buffer;
};

describe('frames between engine and runner', () => {
  test('what goes in comes out, however the pipe cuts it', () => {
    const frame = fc.record({ kind: fc.string(), parts: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }) });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (sent, cuts) => {
          const whole = Buffer.concat(sent.flatMap(({ kind, parts }) => encode({ kind }, parts)));
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < whole.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            chunks.push(whole.subarray(at, at + size));
            at += size;
          }
          const { frames, broken } = read(chunks);
          assert.deepEqual(broken, []);
          assert.deepEqual(
            frames.map(([, parts]) => parts),
            sent.map(({ parts }) => parts.map((part) => Buffer.from(part).toString())),
          );
        },
      ),
    );
  });

  for (const [rule, bytes] of [
    ['a head over its limit', lengths(HEAD_BYTES + 1, 0)],
    ['a body over its limit', lengths(2, 1_000_001)],
    ['a head that is not JSON', Buffer.concat([lengths(2, 0), Buffer.from('{{')])],
    ['a head that is no object', Buffer.concat([lengths(1, 0), Buffer.from('5')])],
    ['a head without parts', Buffer.concat([lengths(2, 0), Buffer.from('{}')])],
    ['a part longer than the body', Buffer.concat([lengths(13, 1), Buffer.from('{"parts":[2]}x')])],
    ['a negative part', Buffer.concat([lengths(14, 1), Buffer.from('{"parts":[-1]}x')])],
    ['a body longer than its parts', Buffer.concat([lengths(12, 1), Buffer.from('{"parts":[]}x')])],
  ] as const) {
    test(`${rule} ends the connection once, and nothing after it is read`, () => {
      const { frames, broken } = read([bytes, ...encode({ kind: 'late' }, [])]);
      assert.deepEqual(frames, []);
      assert.equal(broken.length, 1);
    });
  }
});
