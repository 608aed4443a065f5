import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { API_LIMITS } from '../limits.ts';
import { parseMultipart } from './multipart.ts';

const TYPE = 'multipart/form-data; boundary=XX';

function body(...parts: string[]): Buffer {
  return Buffer.from(`${parts.map((part) => `--XX\r\n${part}\r\n`).join('')}--XX--\r\n`);
}

const field = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (name: string, fileName: string, content: string, type = 'text/plain') =>
  `Content-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: ${type}\r\n\r\n${content}`;

test('fields are text and files are files', () => {
  const { body: form, files } = parseMultipart(body(field('a', '1'), file('doc', 'doc.txt', 'hello file')), TYPE);
  assert.deepEqual(form, { a: '1' });
  assert.deepEqual(
    files.map((one) => ({ ...one, bytes: Buffer.from(one.bytes).toString() })),
    [{ field: 'doc', fileName: 'doc.txt', mimeType: 'text/plain', bytes: 'hello file' }],
  );
});

test('content keeps its line breaks and what looks like a boundary within a line', () => {
  const content = 'a\r\n\r\nb --XX c\r\n-XX\r\n';
  assert.equal(parseMultipart(body(field('a', content)), TYPE).body['a'], content);
});

test('empty fields, empty files and no parts at all are fine', () => {
  assert.deepEqual(parseMultipart(body(field('a', '')), TYPE).body, { a: '' });
  assert.equal(parseMultipart(body(file('f', '', '')), TYPE).files[0]?.bytes.length, 0);
  assert.deepEqual(parseMultipart(Buffer.from('--XX--'), TYPE), { body: {}, files: [] });
});

test('a repeated field is a list, brackets work as in forms', () => {
  const { body: form } = parseMultipart(body(field('a', '1'), field('a', '2'), field('o[k]', 'v')), TYPE);
  assert.deepEqual(form, { a: ['1', '2'], o: { k: 'v' } });
});

test('a file name is a label without directories', () => {
  for (const name of ['../../etc/passwd', 'C:\\\\x\\\\passwd', '/passwd', 'passwd']) {
    assert.equal(parseMultipart(body(file('f', name, 'x')), TYPE).files[0]?.fileName, 'passwd');
  }
});

test('boundaries may be quoted', () => {
  assert.deepEqual(parseMultipart(body(field('a', '1')), 'multipart/form-data; boundary="XX"').body, { a: '1' });
});

/** What is refused, each with an error of the table and never a hang. */
const MALFORMED: Record<string, [string | Buffer, string]> = {
  'no boundary in the type': ['--XX--', 'multipart/form-data'],
  'a boundary over 70 characters': ['--XX--', `multipart/form-data; boundary=${'x'.repeat(71)}`],
  'a boundary that does not occur': ['nothing', TYPE],
  'an end within a part': ['--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', TYPE],
  'an end right behind a boundary': ['--XX', TYPE],
  'a part without header': [body('just text'), TYPE],
  'a part without name': [body('Content-Disposition: form-data\r\n\r\nx'), TYPE],
  'a part that is no form data': [body('Content-Disposition: attachment; name="a"\r\n\r\nx'), TYPE],
  'a header over MULTIPART_HEADER_BYTES': [body(`X: ${'x'.repeat(9000)}\r\n${field('a', '1')}`), TYPE],
  'more than MULTIPART_PARTS': [
    body(...Array.from({ length: API_LIMITS.MULTIPART_PARTS + 1 }, () => field('a', ''))),
    TYPE,
  ],
};

for (const [what, [bytes, type]] of Object.entries(MALFORMED)) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseMultipart(Buffer.from(bytes), type), { code: 'BODY_MALFORMED' });
  });
}

test('a field named __proto__ is refused', () => {
  assert.throws(() => parseMultipart(body(field('__proto__', 'x')), TYPE), { code: 'BODY_KEY_REFUSED' });
});

test('whatever bytes a file has, they come out as they went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const raw = Buffer.concat([
        Buffer.from('--a8f9\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'),
        bytes,
        Buffer.from('\r\n--a8f9--\r\n'),
      ]);
      const { files } = parseMultipart(raw, 'multipart/form-data; boundary=a8f9');
      assert.deepEqual(Buffer.from(files[0]?.bytes ?? []), Buffer.from(bytes));
    }),
  );
});

test('a body cut anywhere is refused or read, and never anything else', () => {
  const whole = body(field('a', '1'), file('doc', 'doc.txt', 'hello'));
  for (let length = 0; length < whole.length; length += 1) {
    try {
      parseMultipart(whole.subarray(0, length), TYPE);
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'BODY_MALFORMED', String(error));
    }
  }
});
