import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { seededRandom } from '#runtime';
import type { JsonObject, JsonValue } from '#workflow';
import { LINK_LIMITS } from '../limits.ts';
import { decode, encode } from './codec.ts';
import type { Envelope } from './envelope.ts';

const limits = { ...LINK_LIMITS, LINK_MESSAGE_BYTES: 4_096, LINK_TEXT_BYTES: 16_384, COMPRESS_FROM_BYTES: 1_024 };

const tell: Envelope = { form: 'tell', from: 'a', id: '1', kind: 'k', body: {} };

/** A message of ours with other content. */
function packed(text: string | Buffer, version = 1, flags = 0): Buffer {
  return Buffer.concat([Buffer.of(version, flags), Buffer.from(text)]);
}

function why(content: Buffer): string {
  const decoded = decode(content, limits);
  return decoded.ok ? 'it was read' : decoded.why;
}

function nested(depth: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 1; level < depth; level += 1) value = { a: value };
  return value;
}

const name = fc.string({ minLength: 1, maxLength: 40 });
const json = fc.jsonValue({ maxDepth: 6 }) as fc.Arbitrary<JsonValue>;
const body = fc.dictionary(fc.string(), json) as fc.Arbitrary<JsonObject>;
const head = { from: name, id: name };
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({ ...head, form: fc.constantFrom('tell' as const, 'all' as const), kind: name, body }),
  fc.record({ ...head, form: fc.constant('ask' as const), kind: name, body, timeoutMs: fc.nat() }),
  fc.record({ ...head, form: fc.constant('reply' as const), to: name, value: json }),
  fc.record({ ...head, form: fc.constant('refusal' as const), to: name, code: fc.string(), message: fc.string() }),
);

test('whatever is sent arrives as it was', () => {
  fc.assert(
    fc.property(envelope, (sent) => {
      const decoded = decode(encode(sent, LINK_LIMITS), LINK_LIMITS);
      assert.ok(decoded.ok);
      // As JSON has it: without negative zeros and absent prototypes.
      assert.deepEqual(decoded.envelope, JSON.parse(JSON.stringify(sent)));
    }),
    { numRuns: 500 },
  );
});

test('any bytes are read or refused with a reason, and never throw', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(1, 0, ...rest)),
    fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(1, 1, ...rest)),
    fc.json().map((text) => packed(text)),
    fc.json().map((text) => packed(zstdCompressSync(Buffer.from(text)), 1, 1)),
  );
  fc.assert(
    fc.property(bytes, (content) => {
      const decoded = decode(Buffer.from(content), limits);
      assert.ok(decoded.ok || decoded.why.length > 0);
    }),
    { numRuns: 2_000 },
  );
});

test('a message with one byte changed, cut off or added is read or refused, and never throws', () => {
  const large = { ...tell, body: { text: 'abc'.repeat(1_000) } };
  fc.assert(
    fc.property(fc.constantFrom<Envelope>(tell, large), fc.nat(), fc.nat(255), fc.nat(200), (sent, at, byte, cut) => {
      const content = Buffer.concat([encode(sent, limits), Buffer.alloc(cut % 7)]);
      content[at % content.length] = byte;
      const decoded = decode(content.subarray(0, content.length - (cut % 11)), limits);
      assert.ok(decoded.ok || decoded.why.length > 0);
    }),
    { numRuns: 2_000 },
  );
});

const UNREADABLE: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  'no bytes': [Buffer.alloc(0), /empty/],
  'another version': [packed('{}', 2), /version is 2/],
  'unknown flags': [packed('{}', 1, 2), /flags are 2/],
  'no flags': [Buffer.of(1), /flags/],
  'no text': [packed(''), /JSON/],
  'no JSON': [packed('{"form"'), /JSON/],
  'no UTF-8': [packed(Buffer.of(0x22, 0xff, 0x22)), /UTF-8/],
  'a list': [packed('[]'), /no object/],
  null: [packed('null'), /no object/],
  'no form': [packed('{"from":"a","id":"1","kind":"k","body":{}}'), /incomplete/],
  'a form of another version': [
    packed('{"form":"yell","from":"a","id":"1","to":"2","kind":"k","body":{}}'),
    /incomplete/,
  ],
  'a tell without a body': [packed('{"form":"tell","from":"a","id":"1","kind":"k"}'), /incomplete/],
  'a body that is a list': [packed('{"form":"tell","from":"a","id":"1","kind":"k","body":[]}'), /incomplete/],
  'an ask without its time': [packed('{"form":"ask","from":"a","id":"1","kind":"k","body":{}}'), /incomplete/],
  'a reply without a value': [packed('{"form":"reply","from":"a","id":"1","to":"2"}'), /incomplete/],
  'a refusal without a code': [packed('{"form":"refusal","from":"a","id":"1","to":"2","message":""}'), /incomplete/],
  'a sender without a name': [packed('{"form":"tell","from":"","id":"1","kind":"k","body":{}}'), /sender/],
  'an id without end': [packed(JSON.stringify({ ...tell, id: 'x'.repeat(129) })), /id/],
  'a kind without end': [packed(JSON.stringify({ ...tell, kind: 'x'.repeat(65) })), /kind/],
  'an answer to nothing': [packed('{"form":"reply","from":"a","id":"1","to":"","value":1}'), /answers/],
  'a depth without end': [
    packed(`{"form":"tell","from":"a","id":"1","kind":"k","body":{"a":${'['.repeat(1_500)}${']'.repeat(1_500)}}}`),
    /nested/,
  ],
  'too many bytes': [packed(JSON.stringify({ ...tell, body: { text: 'x'.repeat(5_000) } })), /bytes/],
  'a small message that grows': [packed(zstdCompressSync(Buffer.alloc(1_000_000, 0x20)), 1, 1), /larger|Cannot create/],
  'no zstd': [packed('{}', 1, 1), /./],
};

for (const [what, [content, reason]] of Object.entries(UNREADABLE)) {
  test(`unreadable: ${what}`, () => assert.match(why(content), reason));
}

test('members that are not known are ignored, also in a body that is passed on whole', () => {
  const decoded = decode(packed(JSON.stringify({ ...tell, body: { later: 1 }, later: {}, to: 7 })), limits);
  assert.deepEqual(decoded, { ok: true, envelope: { ...tell, body: { later: 1 } } });
});

test('names that mean something to objects are data', () => {
  const text = '{"form":"tell","from":"a","id":"1","kind":"k","body":{"__proto__":{"polluted":1},"constructor":{}}}';
  const decoded = decode(packed(text), limits);
  assert.ok(decoded.ok && 'body' in decoded.envelope);
  assert.equal(Object.getPrototypeOf(decoded.envelope.body), Object.prototype);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('text is compressed from COMPRESS_FROM_BYTES on', () => {
  const sized = (bytes: number): Buffer => {
    const frame = JSON.stringify({ ...tell, body: { t: '' } }).length;
    return encode({ ...tell, body: { t: 'x'.repeat(bytes - frame) } }, limits);
  };
  assert.deepEqual([sized(1_023)[1], sized(1_024)[1]], [0, 1]);
  assert.ok(sized(16_384).length < 200);
});

test('over a limit nothing is encoded', () => {
  const random = seededRandom(1).hex(4_000);
  const cases: readonly [Envelope, string][] = [
    [{ ...tell, body: { text: 'x'.repeat(16_384) } }, 'LINK_MESSAGE_TOO_LARGE'],
    [{ ...tell, body: { text: random } }, 'LINK_MESSAGE_TOO_LARGE'],
    [{ ...tell, body: nested(LINK_LIMITS.LINK_MESSAGE_DEPTH + 1) }, 'LINK_MESSAGE_INVALID'],
    [{ ...tell, kind: '' }, 'LINK_MESSAGE_INVALID'],
    [{ ...tell, kind: 'x'.repeat(65) }, 'LINK_MESSAGE_INVALID'],
  ];
  const small = { ...limits, LINK_MESSAGE_BYTES: 1_000 };
  for (const [sent, code] of cases) assert.throws(() => encode(sent, small), { code });
  assert.ok(encode({ ...tell, body: nested(LINK_LIMITS.LINK_MESSAGE_DEPTH) }, limits));
});

test('what contains itself is refused and not followed for ever', () => {
  const ring: JsonObject = {};
  ring['self'] = ring;
  assert.throws(() => encode({ ...tell, body: ring }, limits), { code: 'LINK_MESSAGE_INVALID' });
});
