import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswer, requestBytes } from './http-client.ts';

const answers: readonly [string, string, { status: number; bodyBytes: number; length: number } | undefined][] = [
  ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', { status: 200, bodyBytes: 2, length: 40 }],
  ['with a length of 0', 'HTTP/1.1 204 x\r\ncontent-length: 0\r\n\r\n', { status: 204, bodyBytes: 0, length: 37 }],
  ['without a body', 'HTTP/1.1 204 x\r\n\r\n', { status: 204, bodyBytes: 0, length: 18 }],
  [
    'in chunks',
    'HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    { status: 200, bodyBytes: 5, length: 58 },
  ],
  [
    'in no chunk at all',
    'HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    { status: 200, bodyBytes: 0, length: 51 },
  ],
  ['whose head is cut', 'HTTP/1.1 200 OK\r\nContent-Le', undefined],
  ['whose body is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok', undefined],
];
for (const [what, text, expected] of answers) {
  test(`an answer ${what} is ${expected === undefined ? 'waited for' : 'read'}`, () => {
    assert.deepEqual(parseAnswer(Buffer.from(text)), expected);
  });
}

test('the rest after an answer belongs to the next one', () => {
  const one = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  assert.equal(parseAnswer(Buffer.from(one + one))?.length, one.length);
});

test('a request says the length of its body in bytes', () => {
  const text = requestBytes(new URL('http://h:1/a?b=c'), 'POST', { x: 'y' }, '{"ü":1}').toString();
  assert.equal(
    text,
    'POST /a?b=c HTTP/1.1\r\nhost: h:1\r\nx: y\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{"ü":1}',
  );
});
