import assert from 'node:assert/strict';
import test from 'node:test';

import type { JsonObject } from '#workflow';
import type { OutgoingRequest, OutgoingResponse } from '#runtime';

import { errors } from '../errors.ts';
import { inlineBinary, jsonsOf, outputsOf, scriptedHttp, type Scene } from '../testing.ts';
import { httpRequestWith } from './node.ts';
import { queryPairs, withQuery } from './query.ts';
import { statusText } from './status.ts';

const pauses: number[] = [];
const node = httpRequestWith((ms) => {
  pauses.push(ms);
  return Promise.resolve();
});

const bytes = (text: string): Uint8Array => Buffer.from(text);
const json = (value: unknown, status = 200): Partial<OutgoingResponse> => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: bytes(JSON.stringify(value)),
});

/** Sends with these parameters and gives what went out first. */
async function sent(parameters: JsonObject, scene: Scene = {}): Promise<OutgoingRequest> {
  const { http, calls } = scriptedHttp(() => json({}));
  await outputsOf(node, {
    ...scene,
    parameters: { url: 'http://x.example/a', ...parameters },
    context: { http, ...scene.context },
  });
  const [first] = calls;
  assert.ok(first);
  return first;
}

/** What the node makes of an answer. */
async function got(
  answer: Partial<OutgoingResponse> | Error,
  parameters: JsonObject = {},
  context: Scene['context'] = {},
): Promise<unknown[]> {
  const { http } = scriptedHttp(() => answer);
  return jsonsOf(node, { parameters: { url: 'http://x.example/a.png', ...parameters }, context: { http, ...context } });
}

test('a call says what it takes and carries its idempotency key', async () => {
  const call = await sent({});
  assert.equal(call.method, 'GET');
  assert.match(call.headers['accept'] ?? '', /^application\/json,text\/html/);
  assert.equal(call.headers['idempotency-key'], '1/node-1/0/0');
});

test('the key of the author stands', async () => {
  const headerParameters = { parameters: [{ name: 'Idempotency-Key', value: 'mine' }] };
  assert.equal((await sent({ sendHeaders: true, headerParameters })).headers['idempotency-key'], 'mine');
});

test('header names keep their case when asked to', async () => {
  const headerParameters = { parameters: [{ name: 'X-Custom', value: 'a' }] };
  assert.equal((await sent({ sendHeaders: true, headerParameters })).headers['x-custom'], 'a');
  const kept = await sent({ sendHeaders: true, headerParameters, options: { lowercaseHeaders: false } });
  assert.equal(kept.headers['X-Custom'], 'a');
});

for (const [arrays, text] of [
  ['indices', 'a[0]=1&a[1]=2&b[c]=x&d='],
  ['brackets', 'a[]=1&a[]=2&b[c]=x&d='],
  ['repeat', 'a=1&a=2&b[c]=x&d='],
] as const) {
  test(`lists in a query as ${arrays}`, () => {
    const query = { a: [1, 2], b: { c: 'x' }, d: null, e: undefined };
    assert.equal(
      queryPairs(query, arrays)
        .map(([name, value]) => `${name}=${value}`)
        .join('&'),
      text,
    );
  });
}

test('a query joins the one that the address has, before its fragment', () => {
  assert.equal(withQuery('http://x/a?b=1#f', { 'c d': 'e&f' }, 'indices'), 'http://x/a?b=1&c%20d=e%26f');
  assert.equal(withQuery('http://x/a', {}, 'indices'), 'http://x/a');
});

for (const [parameters, content, type] of [
  [
    {
      bodyParameters: {
        parameters: [
          { name: 'a', value: '1' },
          { name: 'b.c', value: 'x' },
        ],
      },
    },
    '{"a":"1","b":{"c":"x"}}',
    'application/json',
  ],
  [{ specifyBody: 'json', jsonBody: '{"a": [1]}' }, '{"a":[1]}', 'application/json'],
  [
    { contentType: 'form-urlencoded', bodyParameters: { parameters: [{ name: 'a', value: 'b c' }] } },
    'a=b+c',
    'application/x-www-form-urlencoded',
  ],
  [{ contentType: 'form-urlencoded', specifyBody: 'string', body: 'a=1' }, 'a=1', 'application/x-www-form-urlencoded'],
  [{ contentType: 'raw', rawContentType: 'text/csv', body: 'a,b' }, 'a,b', 'text/csv'],
] as const) {
  test(`body of ${JSON.stringify(parameters)}`, async () => {
    const call = await sent({
      method: 'POST',
      sendBody: true,
      ...structuredClone(parameters),
    } as unknown as JsonObject);
    assert.equal(call.body, content);
    assert.equal(call.headers['content-type'], type);
  });
}

test('a multipart body has its parts, and the same bytes on a second attempt', async () => {
  const parameters = {
    method: 'POST',
    sendBody: true,
    contentType: 'multipart-form-data',
    bodyParameters: {
      parameters: [
        { name: 'a"\r\nX: y', value: 'é' },
        { name: 'f', parameterType: 'formBinaryData', inputDataFieldName: 'up' },
      ],
    },
  };
  const inputs = [[{ json: {}, binary: { up: { mimeType: 'text/plain', fileName: 'a.txt', data: 'aGk=' } } }]];
  const [one, two] = [await sent(parameters, { inputs }), await sent(parameters, { inputs })];
  const text = Buffer.from(one.body ?? '').toString();
  assert.match(text, /name="a%22%0D%0AX: y"\r\n\r\né\r\n/);
  assert.match(text, /name="f"; filename="a.txt"\r\nContent-Type: text\/plain\r\n\r\nhi\r\n/);
  assert.deepEqual(one.body, two.body);
});

test('a file is sent as it is', async () => {
  const inputs = [[{ json: {}, binary: { data: { mimeType: 'image/png', data: 'aGk=' } } }]];
  const call = await sent(
    { method: 'POST', sendBody: true, contentType: 'binaryData', inputDataFieldName: 'data' },
    { inputs },
  );
  assert.equal(Buffer.from(call.body ?? '').toString(), 'hi');
  assert.equal(call.headers['content-type'], 'image/png');
});

for (const [parameters, code] of [
  [{ url: 'x.example' }, 'HTTP_URL_INVALID'],
  [{ authentication: 'genericCredentialType' }, 'NODE_CREDENTIALS_NOT_SUPPORTED'],
  [{ sendBody: true, specifyBody: 'json', jsonBody: '{bad' }, 'HTTP_BODY_INVALID'],
  [{ sendQuery: true, specifyQuery: 'json', jsonQuery: '[1]' }, 'HTTP_BODY_INVALID'],
  [{ sendBody: true, contentType: 'nonsense' }, 'NODE_PARAMETER_INVALID'],
  [{ sendBody: true, contentType: 'binaryData', inputDataFieldName: 'none' }, 'NODE_BINARY_MISSING'],
] as const) {
  test(`refused with ${code}: ${JSON.stringify(parameters)}`, async () => {
    await assert.rejects(sent({ ...parameters } as unknown as JsonObject), { code });
  });
}

test('timeout, redirects, proxy and certificates are handed to the client', async () => {
  const options = {
    timeout: 5,
    proxy: 'http://p',
    allowUnauthorizedCerts: true,
    redirect: { redirect: { maxRedirects: 2 } },
  };
  const call = await sent({ options });
  assert.deepEqual(
    [call.timeoutMs, call.proxy, call.allowUnauthorizedCerts, call.maxRedirects],
    [5, 'http://p', true, 2],
  );
  const none = await sent({ options: { redirect: { redirect: { followRedirects: false } } } });
  assert.equal(none.maxRedirects, 0);
});

/** Rows: what, answer, options, json of the items. */
const format = (responseFormat: string, more: JsonObject = {}): JsonObject => ({
  options: { response: { response: { responseFormat, ...more } } },
});
for (const [what, answer, parameters, expected] of [
  ['a list is an item per element', json([{ a: 1 }, { a: 2 }]), {}, [{ a: 1 }, { a: 2 }]],
  ['an empty list is no item', json([]), {}, []],
  ['a scalar stands bare', json(42), {}, [42]],
  ['no body is an empty object', { headers: { 'content-type': 'application/json' } }, {}, [{}]],
  [
    'text that holds JSON stays text',
    { headers: { 'content-type': 'text/plain' }, body: bytes('{"a":1}') },
    {},
    [{ data: '{"a":1}' }],
  ],
  ['text has its own field', { body: bytes('x') }, format('text', { outputPropertyName: 'body' }), [{ body: 'x' }]],
  ['JSON by demand', { headers: { 'content-type': 'text/plain' }, body: bytes('{"a":1}') }, format('json'), [{ a: 1 }]],
  [
    'a charset is read',
    { headers: { 'content-type': 'text/plain; charset=latin1' }, body: Buffer.from([0xe9]) },
    {},
    [{ data: 'é' }],
  ],
  [
    'an unknown charset is UTF-8',
    { headers: { 'content-type': 'text/plain; charset=nope' }, body: bytes('é') },
    {},
    [{ data: 'é' }],
  ],
  [
    'a full response is one item',
    { ...json([1]), statusMessage: 'OK' },
    { options: { response: { response: { fullResponse: true } } } },
    [
      {
        body: [1],
        headers: { 'content-type': 'application/json; charset=utf-8' },
        statusCode: 200,
        statusMessage: 'OK',
      },
    ],
  ],
  [
    'never error gives the body of an error',
    json({ no: 1 }, 503),
    { options: { response: { response: { neverError: true } } } },
    [{ no: 1 }],
  ],
] as const) {
  test(what, async () =>
    assert.deepEqual(
      await got(answer as Partial<OutgoingResponse>, { ...parameters } as unknown as JsonObject),
      expected,
    ),
  );
}

test('an image is a file named by its address', async () => {
  const { http } = scriptedHttp(() => ({ headers: { 'content-type': 'image/png' }, body: bytes('png') }));
  const [made = []] = await outputsOf(node, {
    parameters: { url: 'http://x.example/dir/a.png' },
    context: { http, binary: inlineBinary },
  });
  assert.deepEqual(made[0]?.binary?.['data'], { data: 'cG5n', mimeType: 'image/png', fileName: 'a.png' });
});

for (const [header, name, mimeType] of [
  [undefined, 'photo.JPG', 'image/jpeg'],
  [undefined, 'data.unknown', 'application/octet-stream'],
  ['text/csv', 'photo.jpg', 'text/csv'],
] as const) {
  test(`a file ${name} sent as ${header ?? 'no type'} is ${mimeType}`, async () => {
    const disposition = { 'content-disposition': `attachment; filename="${name}"` };
    const headers = header === undefined ? disposition : { ...disposition, 'content-type': header };
    const { http } = scriptedHttp(() => ({ headers, body: bytes('x') }));
    const [made = []] = await outputsOf(node, {
      parameters: {
        url: 'http://x.example/',
        options: { response: { response: { responseFormat: 'file' } } },
      },
      context: { http, binary: inlineBinary },
    });
    assert.equal(made[0]?.binary?.['data']?.mimeType, mimeType);
  });
}

test('a file name never leads out of its folder', async () => {
  const headers = {
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="..%2F..%2Fetc%2Fpasswd"',
  };
  const { http } = scriptedHttp(() => ({ headers, body: bytes('x') }));
  const [made = []] = await outputsOf(node, { parameters: { url: 'http://x.example/' }, context: { http } });
  assert.equal(made[0]?.binary?.['data']?.fileName, 'passwd');
});

for (const [what, answer, message] of [
  ['text as a JSON scalar', json('word'), /not valid JSON/],
  [
    'broken JSON',
    { headers: { 'content-type': 'application/json' }, body: bytes('{"a": ') },
    /Invalid JSON in response body/,
  ],
  ['status 401', json({ error: 'unauthorized' }, 401), /^Authorization failed/],
  ['status 418', json({}, 418), /^Your request is invalid/],
  ['status 599', json({}, 599), /^The service was not able/],
] as const) {
  test(`${what} is an error`, async () => assert.rejects(got(answer), { message }));
}

test('a failed call says what the service said', async () => {
  await assert.rejects(
    got(json({ message: 'answer 422' }, 422)),
    (failure: Error & { details?: Record<string, unknown> }) => {
      assert.equal(failure.details?.['description'], 'answer 422');
      assert.deepEqual(failure.details['messages'], ['422 - "{\\"message\\":\\"answer 422\\"}"']);
      return true;
    },
  );
});

test('a handled failure is an item with the raw answer', async () => {
  assert.deepEqual(await got(json({ no: 1 }, 404), {}, { continuesOnFail: true }), [
    { error: { message: '404 - "{\\"no\\":1}"', name: 'AxiosError', code: 'ERR_BAD_REQUEST', status: 404 } },
  ]);
  const refused = errors.HTTP_CONNECTION_REFUSED({
    address: 'x',
    httpCode: 'ECONNREFUSED',
    messages: ['connect ECONNREFUSED'],
  });
  assert.deepEqual(await got(refused, {}, { continuesOnFail: true }), [
    { error: { message: 'connect ECONNREFUSED', name: 'Error', code: 'ECONNREFUSED' } },
  ]);
});

test('texts of statuses are distinct where n8n has one', () => {
  assert.notEqual(statusText(404), statusText(403));
  assert.equal(statusText(503).startsWith('Service unavailable'), true);
  assert.match(statusText(304), /304/);
});

test('items keep the order of the input, with a key and a link each', async () => {
  const { http, calls } = scriptedHttp((request) => json({ path: new URL(request.url).pathname }));
  const inputs = [[{ p: 'a' }, { p: 'b' }, { p: 'c' }]];
  const evaluate = (text: string, item: number): string =>
    text.replace('={{ p }}', inputs[0]?.[item]?.p ?? '').replace('=', '');
  const [made = []] = await outputsOf(node, {
    parameters: { url: '=http://x.example/={{ p }}' },
    inputs,
    evaluate,
    context: { http },
  });
  assert.deepEqual(
    made.map((item) => item.json['path']),
    ['/a', '/b', '/c'],
  );
  assert.deepEqual(
    made.map((item) => item.pairedItem),
    [{ item: 0 }, { item: 1 }, { item: 2 }],
  );
  assert.equal(new Set(calls.map((call) => call.headers['idempotency-key'])).size, 3);
});

test('batches pause between groups', async () => {
  pauses.length = 0;
  const { http, calls } = scriptedHttp(() => json({}));
  const options = { batching: { batch: { batchSize: 2, batchInterval: 70 } } };
  await outputsOf(node, {
    parameters: { url: 'http://x', options },
    inputs: [[{}, {}, {}, {}, {}]],
    context: { http },
  });
  assert.deepEqual(pauses, [70, 70]);
  assert.equal(calls.length, 5);
});

const pages = (pagination: JsonObject): JsonObject => ({
  url: 'http://x.example/p',
  options: { pagination: { pagination } },
});
/** `=page` is the page count plus one, `=next` and `=more` read the last answer. */
const evaluate = (text: string, _item: number, also: Readonly<Record<string, unknown>> = {}): unknown => {
  const body = (also['$response'] as { body?: Record<string, unknown> } | undefined)?.body;
  if (text === '=page') return Number(also['$pageCount']) + 1;
  if (text === '=next') return body?.['next'];
  return text === '=done' ? body?.['more'] === false : text.slice(1);
};
const byPage = (request: OutgoingRequest): Partial<OutgoingResponse> => {
  const page = Number(new URL(request.url).searchParams.get('page') ?? 1);
  return page > 3
    ? json({ gone: true }, 404)
    : json({ page, more: page < 3, next: page < 3 ? `http://x.example/p?page=${page + 1}` : '' });
};
const parameters = { parameters: [{ name: 'page', value: '=page' }] };

for (const [what, pagination, count] of [
  ['ends by its expression', { parameters, paginationCompleteWhen: 'other', completeExpression: '=done' }, 3],
  ['ends at its limit', { parameters, limitPagesFetched: true, maxRequests: 2 }, 2],
  [
    'ends by a status, whose body is put out',
    { parameters, paginationCompleteWhen: 'receiveSpecificStatusCodes', statusCodesWhenComplete: '404, 410' },
    4,
  ],
  [
    'follows the address in the answer',
    {
      paginationMode: 'responseContainsNextURL',
      nextURL: '=next',
      paginationCompleteWhen: 'other',
      completeExpression: '=done',
    },
    3,
  ],
] as const) {
  test(`pagination ${what}`, async () => {
    const { http } = scriptedHttp(byPage);
    const made = await jsonsOf(node, {
      parameters: pages(structuredClone(pagination) as unknown as JsonObject),
      evaluate,
      context: { http },
    });
    assert.equal(made.length, count);
  });
}

test('pagination that does not move on is stopped', async () => {
  const { http, calls } = scriptedHttp(() => json({ same: true }));
  const scene = { parameters: pages({ parameters: { parameters: [{ name: 'x', value: '1' }] } }), context: { http } };
  await assert.rejects(outputsOf(node, scene), {
    message: 'The returned response was identical 5x, so requests got stopped',
  });
  assert.equal(calls.length, 5);
});

test('pagination ends with an empty answer', async () => {
  const { http } = scriptedHttp((request) => (request.url.includes('page=3') ? json([]) : json([{ at: request.url }])));
  const made = await jsonsOf(node, { parameters: pages({ parameters }), evaluate, context: { http } });
  assert.equal(made.length, 2);
});

for (const [version, old, expected] of [
  [1, { requestMethod: 'POST', bodyParametersUi: { parameter: [{ name: 'a', value: '1' }] } }, ['POST', '{"a":"1"}']],
  [2, { requestMethod: 'POST', jsonParameters: true, bodyParametersJson: '{"b":2}' }, ['POST', '{"b":2}']],
  [
    2,
    {
      requestMethod: 'POST',
      options: { bodyContentType: 'form-urlencoded' },
      bodyParametersUi: { parameter: [{ name: 'a', value: '1' }] },
    },
    ['POST', 'a=1'],
  ],
  [1, { queryParametersUi: { parameter: [{ name: 'q', value: 'x' }] } }, ['GET', undefined]],
] as const) {
  test(`version ${version}: ${JSON.stringify(old)}`, async () => {
    const call = await sent(structuredClone(old) as unknown as JsonObject, { version });
    assert.deepEqual([call.method, call.body], expected);
    if ('queryParametersUi' in old) assert.match(call.url, /\?q=x$/);
  });
}

test('version 1 reads JSON unless it is told otherwise', async () => {
  const { http } = scriptedHttp(() => ({ body: bytes('{"a":1}') }));
  const of = (more: JsonObject): Promise<unknown[]> =>
    jsonsOf(node, { version: 1, parameters: { url: 'http://x', ...more }, context: { http } });
  assert.deepEqual(await of({}), [{ a: 1 }]);
  assert.deepEqual(await of({ responseFormat: 'string', dataPropertyName: 't' }), [{ t: '{"a":1}' }]);
});
