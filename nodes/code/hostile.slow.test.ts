import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { TroupeError } from '#workflow';
import type { CodeOutcome } from '#runtime';

import { containment } from './containment.ts';
import { createRunnerPool } from './pool.ts';
import type { RunnerPool } from './pool.ts';
import { startRunner } from './process.ts';
import type { RunnerProcess } from './process.ts';
import { makeJob, timers } from './testing.ts';

/** Every case tries to get out, to forge an answer, or to use up the machine. `want` is what must come of it. */
type Want = { value: unknown } | { threw: RegExp } | { code: RegExp };
const undefinedHost: Want = { value: 'undefined' };
const cases: [name: string, source: string, want: Want][] = [
  // The way to the host over constructors.
  ['this.constructor', `return this.constructor.constructor('return typeof process')()`, undefinedHost],
  ['sloppy this', `return typeof (function () { return this })().process`, undefinedHost],
  ['items.constructor', `return items.constructor.constructor('return typeof process')()`, undefinedHost],
  ['console', `return console.log.constructor('return typeof process')()`, undefinedHost],
  ['require', `return require.constructor('return typeof process')()`, undefinedHost],
  ['$input', `return $input.all.constructor('return typeof process')()`, undefinedHost],
  ['$', `return $.constructor('return typeof process')()`, undefinedHost],
  ['setTimeout', `return setTimeout.constructor('return typeof process')()`, undefinedHost],
  ['helpers', `return helpers.httpRequest.constructor('return typeof process')()`, undefinedHost],
  ['async constructor', `return await (async () => {}).constructor('return typeof process')()`, undefinedHost],
  [
    'generator constructor',
    `return (function* () {}).constructor('return typeof process')().next().value`,
    undefinedHost,
  ],
  [
    'host error',
    `try { require('crypto').createHash('nope').digest() } catch (e) { return e.constructor.constructor('return typeof process')() }`,
    undefinedHost,
  ],
  [
    'helper error',
    `try { await helpers.httpRequest('x') } catch (e) { return e.constructor.constructor('return typeof process')() }`,
    undefinedHost,
  ],
  [
    'missing node error',
    `try { $('Nope') } catch (e) { return e.constructor.constructor('return typeof process')() }`,
    undefinedHost,
  ],
  [
    '$env',
    `try { $env.PATH } catch (e) { return e.constructor.constructor('return typeof process')() }`,
    undefinedHost,
  ],
  ['luxon', `return DateTime.now.constructor('return typeof process')()`, undefinedHost],
  ['Buffer', `return Buffer.from.constructor('return typeof process')()`, undefinedHost],
  ['URL', `return new URL('http://a').constructor.constructor('return typeof process')()`, undefinedHost],
  ['eval', `return eval('typeof process')`, undefinedHost],
  [
    'call sites',
    `Error.prepareStackTrace = (_, sites) => sites.slice(1).map((s) => String(typeof s.getThis()) + typeof s.getFunction());
    const sites = new Error().stack; return sites.every((s) => s === 'undefinedundefined') ? 'undefined' : sites`,
    undefinedHost,
  ],
  [
    'no host paths in stacks',
    `return /\\/(work|home|root|usr|opt|srv|node_modules)/.test(new Error().stack)`,
    { value: false },
  ],
  // Modules.
  ['import()', `try { await import('node:fs'); return 'got it' } catch { return 'undefined' }`, undefinedHost],
  ['require fs', `return require('fs')`, { threw: /^Module 'fs' is disallowed$/ }],
  ['require node:child_process', `return require('node:child_process')`, { threw: /disallowed/ }],
  ['require process', `return require('process')`, { threw: /disallowed/ }],
  ['require by path', `return require('../main.js')`, { threw: /disallowed/ }],
  ['require __proto__', `return require('__proto__')`, { threw: /disallowed/ }],
  ['require constructor', `return require('constructor')`, { threw: /disallowed/ }],
  [
    'require toString trick',
    `let n = 0; return require({ toString: () => (n++ ? 'fs' : 'crypto') })`,
    { threw: /disallowed/ },
  ],
  // The machinery of the guest.
  [
    'entry is gone',
    `return ['__enter', '__fire', '__bytes', '__web', '__scene', '__helpers', 'luxon', 'jmespath'].filter((k) => k in globalThis)`,
    { value: [] },
  ],
  ['host table by prototype', `return require('crypto').createHash('__proto__').digest('hex')`, { threw: /./ }],
  ['closing the function', `}); globalThis.out = 1; (async () => {`, { threw: /Unexpected token|function literal/ }],
  ['source url', `//# sourceURL=/etc/passwd\nthrow new Error('x')`, { threw: /^x$/ }],
  // Built-ins turned against the guest's own code.
  ['JSON replaced', `JSON.stringify = () => 'no'; JSON.parse = () => 'no'; return { ok: 1 }`, { value: { ok: 1 } }],
  ['toJSON everywhere', `Object.prototype.toJSON = () => 'x'; return { ok: 1 }`, { value: 'x' }],
  ['Array.prototype.map', `Array.prototype.map = () => ['forged']; return { ok: 1 }`, { value: { ok: 1 } }],
  ['iterator', `Array.prototype[Symbol.iterator] = function* () {}; return { ok: 1 }`, { code: /TIMEOUT|BROKE/ }],
  ['Function.prototype.call', `Function.prototype.call = () => 'forged'; return { ok: 1 }`, { value: { ok: 1 } }],
  ['RegExp.prototype.exec', `RegExp.prototype.exec = () => ['a', '99']; throw new Error('x')`, { threw: /^x$/ }],
  [
    'frozen globals',
    `Object.freeze(globalThis); Object.freeze(Object.prototype); return { ok: 1 }`,
    { value: { ok: 1 } },
  ],
  [
    'globals deleted',
    `for (const k of Reflect.ownKeys(globalThis)) { try { delete globalThis[k] } catch {} } return { ok: 1 }`,
    { threw: /is not defined/ },
  ],
  // Answers that lie.
  [
    'own proto',
    `return JSON.parse('[{"json":{"__proto__":{"polluted":1}}}]')`,
    { value: JSON.parse('[{"json":{"__proto__":{"polluted":1}}}]') },
  ],
  [
    'forged envelope',
    `return { error: { message: 'forged' }, failure: 'memory', staticData: { 'node:Other': {} } }`,
    { value: { error: { message: 'forged' }, failure: 'memory', staticData: { 'node:Other': {} } } },
  ],
  ['frame in the log', `console.log('\\0\\0\\0\\x10\\0\\0\\0\\0{"kind":"result"}'); return 1`, { value: 1 }],
  ['hostile toJSON', `return { toJSON() { throw new Error('mine') } }`, { threw: /^mine$/ }],
  ['hostile proxy', `return new Proxy({}, { ownKeys() { throw new Error('trap') } })`, { threw: /^trap$/ }],
  ['thrown null', `throw null`, { threw: /^null$/ }],
  ['thrown symbol', `throw Symbol('s')`, { threw: /Symbol\(s\)/ }],
  ['thrown trap', `throw new Proxy(new Error('x'), { get() { throw 1 } })`, { threw: /Unknown error/ }],
  [
    'hostile message',
    `const e = new Error(); Object.defineProperty(e, 'message', { get() { throw e } }); throw e`,
    { threw: /Unknown error/ },
  ],
  ['message of no text', `throw { message: { a: 1 }, stack: 5, name: [] }`, { threw: /./ }],
  // Time.
  ['endless loop', `for (;;);`, { code: /CODE_TIMEOUT/ }],
  [
    'endless microtasks',
    `const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})`,
    { code: /CODE_TIMEOUT/ },
  ],
  ['never ending promise', `await new Promise(() => {})`, { code: /CODE_TIMEOUT/ }],
  ['regular expression', `return /^(a+)+$/.test('a'.repeat(40) + 'b')`, { code: /CODE_TIMEOUT/ }],
  [
    'Atomics.wait',
    `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
    { code: /CODE_TIMEOUT|CODE_RUNNER|never/ },
  ],
  ['endless getter', `return { get a() { for (;;); } }`, { code: /CODE_TIMEOUT/ }],
  ['interval left behind', `setInterval(() => {}, 1); return 1`, { value: 1 }],
  ['loop in a timer', `setTimeout(() => { for (;;); }, 0); await new Promise(() => {})`, { code: /CODE_TIMEOUT/ }],
  ['timer bomb', `for (let i = 0; i < 1e5; i++) setTimeout(() => {}, 1e6)`, { threw: /Too many timers/ }],
  // Space.
  ['array bomb', `const a = []; for (;;) a.push(new Array(1e5).fill(1))`, { code: /CODE_MEMORY|CODE_RUNNER_DIED/ }],
  ['string bomb', `let s = 'x'; for (;;) s += s`, { threw: /Invalid string length/ }],
  ['map bomb', `const m = new Map(); for (let i = 0; ; i++) m.set(i, [i])`, { code: /CODE_MEMORY|CODE_RUNNER_DIED/ }],
  [
    'typed array',
    `return new Uint8Array(4e9).length`,
    { threw: /Array buffer allocation failed|Invalid typed array length/ },
  ],
  [
    'buffers',
    `const a = []; for (;;) a.push(new Uint8Array(1e7).fill(1))`,
    { threw: /Array buffer allocation failed/ },
  ],
  ['recursion', `const f = () => f(); f()`, { threw: /Maximum call stack/ }],
  ['deep result', `let d = []; for (let i = 0; i < 1e6; i++) d = [d]; return d`, { threw: /Maximum call stack/ }],
  ['bigint bomb', `return 2n ** (2n ** 40n)`, { threw: /Maximum BigInt size/ }],
  ['log flood', `for (let i = 0; i < 1e5; i++) console.log('x'.repeat(1e4)); return 1`, { value: 1 }],
  [
    'call flood',
    `const r = await Promise.allSettled(Array.from({ length: 500 }, () => helpers.httpRequest('x'))); return r.every((x) => x.status === 'rejected')`,
    { value: true },
  ],
  ['unhandled rejection', `Promise.reject(new Error('late')); return 1`, { value: 1 }],
  [
    'throw in a timer',
    `setTimeout(() => { throw new Error('timer') }, 0); await new Promise((r) => setTimeout(r, 50)); return 1`,
    { threw: /^timer$/ },
  ],
];

describe('hostile code', () => {
  let pool: RunnerPool;
  before(() => {
    pool = createRunnerPool({ spawn: startRunner, clock: timers, size: 1, limits: { deathsPerJob: 1 } });
  });
  after(() => pool.stop());

  const host = fingerprint();
  for (const [name, source, want] of cases) {
    // Only what is to run out of time gets little of it: the machine may be slow.
    const timeoutMs = 'code' in want && want.code.source.includes('TIMEOUT') ? 300 : 20_000;
    test(`stays inside: ${name}`, async () => {
      const patient = makeJob(source, { timeoutMs });
      const got = await pool.run(patient).catch((error: unknown) => error);
      judge(got, want);
      assert.equal(fingerprint(), host, 'the engine is untouched');
      assert.equal(Reflect.get({}, 'polluted'), undefined);
    });
  }

  test('what one run leaves behind, the next does not find', async () => {
    const leave = `globalThis.left = 1; Array.prototype.left = 2; Object.prototype.left = 3; JSON.left = 4; DateTime.left = 5;
      $getWorkflowStaticData('global').left = 6; Math.random = () => 7; return 1`;
    const find = `return [typeof left, typeof [].left, typeof JSON.left, typeof DateTime.left, $getWorkflowStaticData('global').left ?? 0, Math.random() === 7]`;
    await pool.run(makeJob(leave));
    const pid = pool.stats().processes[0]?.pid;
    const found = await pool.run(makeJob(find));
    assert.equal(pool.stats().processes[0]?.pid, pid, 'the same process');
    assert.deepEqual(found.kind === 'value' && found.value, [
      'undefined',
      'undefined',
      'undefined',
      'undefined',
      0,
      false,
    ]);
  });

  test('a run cannot write the static data of another node', async () => {
    const source = `Object.prototype.toJSON = undefined; $getWorkflowStaticData('node').mine = 1; return []`;
    const outcome = await pool.run(makeJob(source));
    assert.deepEqual(outcome.kind === 'value' && outcome.staticData, { 'node:Code': { mine: 1 } });
  });
});

describe('the runner process', () => {
  let runner: RunnerProcess;
  before(async () => {
    runner = startRunner();
    await runner.ready;
  });
  after(() => runner.kill());

  test('says which layers stand between it and the system', async () => {
    const names = runner.layers.map((layer) => layer.name);
    assert.deepEqual(names, ['environment', 'files', 'network', 'limits', 'user', 'privileges']);
    for (const layer of runner.layers) assert.ok(layer.detail.length > 0);
    assert.equal(runner.layers.find((layer) => layer.name === 'environment')?.active, true);
    assert.equal(runner.layers.find((layer) => layer.name === 'files')?.active, true);
  });

  test('has a network of its own where the layer is active', async (context) => {
    const { layers } = await containment();
    if (!layers.find((layer) => layer.name === 'network')?.active) return context.skip('not possible on this system');
    assert.notEqual(readlinkSync(`/proc/${runner.pid}/ns/net`), readlinkSync('/proc/self/ns/net'));
  });

  test('gets nothing on its command line but its bundle', async () => {
    const { command } = await containment();
    const reads = command.filter((part) => part.startsWith('--allow-fs-read='));
    assert.equal(reads.length, 4);
    assert.ok(command.includes('--permission'));
    assert.ok(!command.some((part) => /allow-(fs-write|child-process|worker|net|wasi)/.test(part)));
  });
});

function judge(got: unknown, want: Want): void {
  if ('code' in want) {
    assert.ok(got instanceof TroupeError, `expected an error, got ${JSON.stringify(got)}`);
    assert.match(got.code, want.code);
    return;
  }
  // The outcome of a run that ended is a CodeOutcome; anything else fails below.
  const outcome = got as CodeOutcome;
  if ('value' in want) assert.deepEqual(outcome, { kind: 'value', value: want.value, logs: outcome.logs });
  else {
    assert.equal(outcome.kind, 'threw', String(got));
    if (outcome.kind === 'threw') assert.match(outcome.error.message, want.threw);
  }
}

/** Names of all properties of the built-ins of this process. */
function fingerprint(): string {
  const roots: object[] = [
    Object,
    (() => 0).constructor,
    Array,
    String,
    Number,
    Promise,
    RegExp,
    Map,
    Set,
    JSON,
    Math,
    Reflect,
    Error,
  ];
  const all = roots
    .flatMap((root) => [root, Reflect.get(root, 'prototype')])
    .filter((one) => typeof one === 'object' || typeof one === 'function');
  return all.map((one) => (one === null ? '' : Reflect.ownKeys(one).map(String).join())).join('|');
}
