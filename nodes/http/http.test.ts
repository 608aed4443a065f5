import assert from 'node:assert/strict';
import test from 'node:test';

import { errors } from '../errors.ts';
import { addressAllowed, guardedLookup, guardedUrl } from './address-guard.ts';
import { failureOf } from './failures.ts';
import { afterRedirect, isRedirect } from './redirects.ts';

/** Rows: address, allowed by default, allowed where private networks are not. */
for (const [address, open, shut] of [
  ['93.184.216.34', true, true],
  ['2606:4700::1111', true, true],
  ['127.0.0.1', true, false],
  ['::1', true, false],
  ['10.1.2.3', true, false],
  ['192.168.0.1', true, false],
  ['172.16.5.5', true, false],
  ['fd12::1', true, false],
  ['100.64.0.1', true, false],
  ['::ffff:127.0.0.1', true, false],
  ['169.254.169.254', false, false],
  ['::ffff:169.254.169.254', false, false],
  ['fe80::1', false, false],
  ['fd00:ec2::254', false, false],
  ['100.100.100.200', false, false],
  ['0.0.0.0', false, false],
  ['::', false, false],
  ['224.0.0.1', false, false],
  ['255.255.255.255', false, false],
  ['64:ff9b::7f00:1', false, false],
  ['2002:7f00:1::', false, false],
  ['not an address', false, false],
] as const) {
  test(`${address} is ${open ? 'allowed' : 'refused'} by default and ${shut ? 'allowed' : 'refused'} without private networks`, () => {
    assert.equal(addressAllowed(address, {}), open);
    assert.equal(addressAllowed(address, { allowPrivateNetwork: false }), shut);
  });
}

test('a list of networks allows just these beyond the internet', () => {
  const rule = { allowPrivateNetwork: ['10.0.0.0/8', '169.254.169.254/32', 'nonsense'] };
  assert.deepEqual(
    ['10.9.9.9', '169.254.169.254', '169.254.1.1', '127.0.0.1', '8.8.8.8'].map((address) =>
      addressAllowed(address, rule),
    ),
    [true, true, false, false, true],
  );
});

for (const url of [
  'http://169.254.169.254/latest',
  'http://[fe80::1]/',
  'http://0xA9FEA9FE/',
  'http://2852039166/',
  'http://0251.0376.0251.0376/',
]) {
  test(`a forbidden address is refused in every spelling: ${url}`, () => {
    assert.throws(() => guardedUrl(url, {}), { code: 'HTTP_ADDRESS_REFUSED' });
  });
}

for (const url of ['file:///etc/passwd', 'ftp://x/', 'javascript:alert(1)', 'nonsense', '']) {
  test(`only http and https are addresses: ${JSON.stringify(url)}`, () => {
    assert.throws(() => guardedUrl(url, {}), { code: 'HTTP_URL_INVALID' });
  });
}

type Answer = { address: string; family: number }[];

/** Asks the guarded look-up as a connection would. */
function lookUp(answer: Answer | Error, all = false): Promise<unknown> {
  const resolve = ((_name: string, _options: unknown, done: (failure: Error | null, addresses: Answer) => void) => {
    if (answer instanceof Error) done(answer, []);
    else done(null, answer);
  }) as unknown as Parameters<typeof guardedLookup>[1];
  return new Promise((ok, fail) => {
    guardedLookup({}, resolve)('name.example', { all }, (failure, address) => (failure ? fail(failure) : ok(address)));
  });
}

test('a name is connected to the address that was checked', async () => {
  assert.equal(await lookUp([{ address: '93.184.216.34', family: 4 }]), '93.184.216.34');
  assert.deepEqual(await lookUp([{ address: '93.184.216.34', family: 4 }], true), [
    { address: '93.184.216.34', family: 4 },
  ]);
});

test('one forbidden address among several refuses the name', async () => {
  const answer = [
    { address: '93.184.216.34', family: 4 },
    { address: '169.254.169.254', family: 4 },
  ];
  await assert.rejects(lookUp(answer), { code: 'HTTP_ADDRESS_REFUSED', message: /169\.254\.169\.254.*name\.example/ });
});

test('a name without addresses, and one that fails, is an error', async () => {
  await assert.rejects(lookUp([]), { code: 'HTTP_ADDRESS_REFUSED' });
  await assert.rejects(lookUp(new Error('no such name')), { message: 'no such name' });
});

const hop = {
  url: new URL('https://a.example/x'),
  method: 'POST',
  headers: { authorization: 'secret', 'content-type': 'text/plain', 'x-api-key': 'k', accept: '*/*', Cookie: 'c' },
  body: 'data',
};

/** Rows: status, method, method after, body kept. */
for (const [status, method, next, keeps] of [
  [301, 'POST', 'GET', false],
  [302, 'POST', 'GET', false],
  [303, 'POST', 'GET', false],
  [303, 'PUT', 'GET', false],
  [303, 'HEAD', 'HEAD', true],
  [301, 'PUT', 'PUT', true],
  [307, 'POST', 'POST', true],
  [308, 'POST', 'POST', true],
] as const) {
  test(`${status} of ${method} goes on as ${next} ${keeps ? 'with' : 'without'} its body`, () => {
    const after = afterRedirect({ ...hop, method }, status, new URL('https://a.example/y'));
    assert.equal(after.method, next);
    assert.equal(after.body, keeps ? 'data' : undefined);
    assert.equal('content-type' in after.headers, keeps);
    assert.equal(after.headers['authorization'], 'secret');
  });
}

for (const target of ['https://b.example/', 'http://a.example/', 'https://a.example:8443/']) {
  test(`secrets stay behind on the way to ${target}`, () => {
    assert.deepEqual(Object.keys(afterRedirect(hop, 307, new URL(target)).headers), ['content-type', 'accept']);
  });
}

test('only the five redirect statuses are redirects', () => {
  assert.deepEqual([200, 300, 301, 302, 303, 304, 307, 308].filter(isRedirect), [301, 302, 303, 307, 308]);
});

const coded = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

test('a refused connection is said as n8n says it, wrapped or not', () => {
  for (const failure of [
    coded('ECONNREFUSED'),
    new AggregateError([coded('ECONNREFUSED')]),
    new Error('fetch failed', { cause: coded('ECONNREFUSED') }),
  ]) {
    const said = failureOf(failure, 'http://x');
    assert.equal(said.message, 'The service refused the connection - perhaps it is offline');
  }
});

test('other failures keep their code', () => {
  const said = failureOf(coded('ENOTFOUND'), 'http://x');
  assert.match(said.message, /incorrect host/);
  assert.deepEqual('details' in said && (said.details as { httpCode: string }).httpCode, 'ENOTFOUND');
  assert.equal(failureOf(new Error('odd'), 'http://x').message, 'odd');
});

test('errors of the table are passed on', () => {
  const ours = errors.HTTP_URL_INVALID({ url: 'x' });
  assert.equal(failureOf(new Error('wrapped', { cause: ours }), 'http://x'), ours);
});
