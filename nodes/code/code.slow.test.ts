import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import type { Item, JsonObject, NodeResult } from '#workflow';

import { codeNode } from './index.ts';
import { createRunnerPool } from './pool.ts';
import { startRunner } from './process.ts';
import { check, itemsOf, makeContext, makeScene, timers } from './testing.ts';

const pool = createRunnerPool({ spawn: startRunner, clock: timers, size: 1 });
after(() => pool.stop());

/** Observed in n8n 2.41.1: input items {n: 1, s: 'a'}, {n: 2, s: 'b'}, {n: 3, s: 'c'}. */
const data = {
  nodes: { Data: seen(itemsOf({ n: 1, s: 'a' }, { n: 2, s: 'b' }, { n: 3, s: 'c' })), Start: seen(itemsOf({})) },
};
const RETURN_ITEMS = "Code doesn't return items properly";

type Case = [rule: string, source: string, want: readonly object[] | string];
const all: Case[] = [
  [
    'items filter and map keep their links',
    'return items.filter(i => i.json.n > 1).map(i => ({ json: { m: i.json.n * 10 }, pairedItem: i.pairedItem }));',
    [
      { json: { m: 20 }, pairedItem: { item: 1 } },
      { json: { m: 30 }, pairedItem: { item: 2 } },
    ],
  ],
  [
    'first, last and all of the input and of other nodes',
    'return [{ json: { first: $input.first().json.n, last: $input.last().json.n, count: $input.all().length, other: $("Data").first().json.s, otherLast: $("Data").last().json.s, otherAll: $("Data").all().map(x => x.json.n), start: $("Start").all().length } }];',
    [{ json: { first: 1, last: 3, count: 3, other: 'a', otherLast: 'c', otherAll: [1, 2, 3], start: 1 } }],
  ],
  ['one item instead of an array is accepted', 'return { json: { total: 3 } };', [{ json: { total: 3 } }]],
  ['a plain object is the json of one item', 'return { total: 3 };', [{ json: { total: 3 } }]],
  ['plain objects are the json of items', 'return [{ a: 1 }, { a: 2 }];', [{ json: { a: 1 } }, { json: { a: 2 } }]],
  [
    'a mix of items and plain objects names the stranger',
    'return [{ json: { a: 1 } }, { b: 2 }];',
    'Unknown top-level item key: b [item 1]',
  ],
  ['no items', 'return [];', []],
  ['null is no items', 'return null;', []],
  ['undefined is refused', 'return;', RETURN_ITEMS],
  ['a number is refused', 'return 42;', RETURN_ITEMS],
  ['a text is refused', 'return "text";', RETURN_ITEMS],
  ['an array of numbers is refused', 'return [1, 2];', RETURN_ITEMS],
  ['json has to be an object', 'return [{ json: [1, 2] }];', "A 'json' property isn't an object [item 0]"],
  ['binary has to be an object', 'return [{ json: {}, binary: 5 }];', "A 'binary' property isn't an object [item 0]"],
  [
    'a thrown error carries its line',
    'const a = 1;\nconst b = 2;\nthrow new Error("my own failure");',
    'my own failure [line 3]',
  ],
  [
    'an error deep in a function carries the line of the throw',
    'function f() {\n  throw new TypeError("deep");\n}\nf();',
    'deep [line 2]',
  ],
  [
    'an error of a built-in carries the line of the call',
    '\nJSON.parse("{");\n',
    "Expected property name or '}' in JSON at position 1 (line 1 column 2) [line 2]",
  ],
  [
    'a null access carries its line',
    'const x = null;\nreturn x.y;',
    "Cannot read properties of null (reading 'y') [line 2]",
  ],
  ['a syntax error has no line', 'const a = ;\nreturn [];', "Unexpected token ';'"],
  ['a module out of reach', "const fs = require('fs');\nreturn [];", "Module 'fs' is disallowed [line 1]"],
  [
    'luxon in the zone of the workflow',
    "const d = DateTime.fromISO('2024-02-29T12:00:00', { zone: 'utc' });\nreturn [{ json: { plus: d.plus({ years: 1 }).toISODate(), diff: d.diff(DateTime.fromISO('2024-01-01', { zone: 'utc' }), 'days').days, zone: DateTime.fromISO('2024-02-29T12:00:00').zoneName, iv: Interval.fromDateTimes(d, d.plus({ days: 2 })).length('hours'), dur: Duration.fromISO('PT1H30M').as('minutes') } }];",
    [{ json: { plus: '2025-02-28', diff: 59.5, zone: 'America/New_York', iv: 48, dur: 90 } }],
  ],
  [
    'several items from several items have no links of their own',
    'return [{ json: { a: 1 } }, { json: { a: 2 } }];',
    [{ json: { a: 1 } }, { json: { a: 2 } }],
  ],
  [
    'changes of the input do not reach other nodes',
    'const a = $input.all();\na[0].json.n = 99;\nreturn [{ json: { now: $("Data").first().json.n } }];',
    [{ json: { now: 1 } }],
  ],
  [
    'dates are texts, what JSON cannot say is null or gone',
    "return [{ json: { d: new Date('2024-01-01T00:00:00Z'), dt: DateTime.fromISO('2024-01-01T00:00:00Z'), u: undefined, nan: NaN, inf: Infinity, m: new Map([['a', 1]]), s: new Set([1]), re: /x/g, big: 12345678901234567890 } }];",
    [
      {
        json: {
          d: '2024-01-01T00:00:00.000Z',
          dt: '2023-12-31T19:00:00.000-05:00',
          nan: null,
          inf: null,
          m: {},
          s: {},
          re: {},
          big: 12345678901234567000,
        },
      },
    ],
  ],
  ['a bigint is its text', 'return [{ json: { b: 10n } }];', [{ json: { b: '10' } }]],
  [
    'circles are cut',
    'const o = { a: 1 }; o.self = o; return [{ json: o }];',
    [{ json: { a: 1, self: '[Circular Reference]' } }],
  ],
  [
    'a value twice is no circle, even beside a bigint',
    'const o = { a: 1 }; return [{ json: { x: o, y: o, b: 1n } }];',
    [{ json: { x: { a: 1 }, y: { a: 1 }, b: '1' } }],
  ],
  [
    'a node that has not run',
    'return [{ json: { x: $("Later").all().length } }];',
    "Node 'Later' hasn't been executed",
  ],
  ['a node that does not exist', 'return $("Nope").all();', "Referenced node doesn't exist"],
  [
    'isExecuted never throws',
    'return [{ json: { later: $("Later").isExecuted, data: $("Data").isExecuted } }];',
    [{ json: { later: false, data: true } }],
  ],
  ['$json is the first item', 'return [{ json: { v: $json.n } }];', [{ json: { v: 1 } }]],
  [
    'names exist or not as in n8n',
    "return [{ json: Object.fromEntries(['$input','$json','$item','$items','$node','$workflow','$execution','$now','$today','$jmespath','$prevNode','$runIndex','$itemIndex','$env','$vars','$secrets','$parameter','$getWorkflowStaticData','$evaluateExpression','DateTime','Duration','Interval','Buffer','setTimeout','require','fetch','console','process','URL','crypto','structuredClone','TextEncoder','$binary','$data','item','items','helpers','module','globalThis','$if','$min','$ifEmpty','$fromAI','$agentInfo','$jmesPath','$position','$thisRunIndex','$thisItem','$mode','$webhookId'].map(k => [k, eval('typeof ' + k)])) }];",
    [
      {
        json: {
          $input: 'object',
          $json: 'undefined',
          $item: 'function',
          $items: 'function',
          $node: 'object',
          $workflow: 'object',
          $execution: 'object',
          $now: 'object',
          $today: 'object',
          $jmespath: 'function',
          $prevNode: 'object',
          $runIndex: 'number',
          $itemIndex: 'number',
          $env: 'object',
          $vars: 'object',
          $secrets: 'undefined',
          $parameter: 'object',
          $getWorkflowStaticData: 'function',
          $evaluateExpression: 'function',
          DateTime: 'function',
          Duration: 'function',
          Interval: 'function',
          Buffer: 'function',
          setTimeout: 'function',
          require: 'function',
          fetch: 'undefined',
          console: 'object',
          process: 'undefined',
          URL: 'undefined',
          crypto: 'undefined',
          structuredClone: 'undefined',
          TextEncoder: 'function',
          $binary: 'undefined',
          $data: 'undefined',
          item: 'undefined',
          items: 'object',
          helpers: 'object',
          module: 'object',
          globalThis: 'object',
          $if: 'undefined',
          $min: 'undefined',
          $ifEmpty: 'undefined',
          $fromAI: 'function',
          $agentInfo: 'undefined',
          $jmesPath: 'function',
          $position: 'number',
          $thisRunIndex: 'number',
          $thisItem: 'undefined',
          $mode: 'string',
          $webhookId: 'undefined',
        },
      },
    ],
  ],
  [
    'files are made from buffers',
    "const b = await this.helpers.prepareBinaryData(Buffer.from('abc'), 'a.txt', 'text/plain');\nreturn [{ json: {}, binary: { data: b } }];",
    [
      {
        json: {},
        binary: {
          data: {
            mimeType: 'text/plain',
            fileType: 'text',
            fileExtension: 'txt',
            data: 'YWJj',
            fileName: 'a.txt',
            fileSize: '3 B',
          },
        },
      },
    ],
  ],
  ['environment variables are out of reach', 'return [{ json: { p: $env.PATH } }];', 'access to env vars denied'],
  [
    'items may be declared again',
    'const items = $input.all(); const item = items[0]; let $json = item.json; return [{ json: $json }];',
    [{ json: { n: 1, s: 'a' } }],
  ],
  [
    '$node and $items read other nodes',
    'return [{ json: { a: $node["Data"].json.n, b: $node.Data.json.s, c: $items("Data").length, d: $items().length } }];',
    [{ json: { a: 1, b: 'a', c: 3, d: 3 } }],
  ],
  [
    'jmespath',
    "return [{ json: { r: $jmespath({ a: [{ b: 1 }, { b: 2 }] }, 'a[*].b') } }];",
    [{ json: { r: [1, 2] } }],
  ],
  [
    'the run and the workflow',
    'return [{ json: { w: $workflow.name, e: $execution.id, m: $execution.mode, r: $runIndex, p: $prevNode.name } }];',
    [{ json: { w: 'Test', e: '42', m: 'test', r: 0, p: 'Data' } }],
  ],
  [
    'now is the time of the run in the zone of the workflow',
    'return [{ json: { now: $now.toISO(), today: $today.toISO() } }];',
    [{ json: { now: '2024-03-10T08:30:00.000-04:00', today: '2024-03-10T00:00:00.000-05:00' } }],
  ],
  [
    'crypto of the runner',
    "const c = require('crypto'); return [{ json: { h: c.createHash('md5').update('a').digest('hex'), m: c.createHmac('sha256', 'k').update('a').digest('base64'), u: c.randomUUID().length, r: c.randomBytes(8).length } }];",
    [
      {
        json: { h: '0cc175b9c0f1b6a831c399e269772661', m: 'eNqRUR5nVYf1ud94vt669VYNoqu4gWLuh13N90SVHZ4=', u: 36, r: 8 },
      },
    ],
  ],
  [
    'addresses are parsed',
    "const u = new URL('/b?x=1', 'https://user@a.example:8443'); u.searchParams.set('y', 'ä b'); u.hash = 'h'; return [{ json: { href: u.href, host: u.host, x: u.searchParams.get('x') } }];",
    [{ json: { href: 'https://user@a.example:8443/b?x=1&y=%C3%A4+b#h', host: 'a.example:8443', x: '1' } }],
  ],
  [
    'texts and bytes',
    "return [{ json: { b64: Buffer.from('äé€😀').toString('base64'), back: Buffer.from('w6TDqeKCrPCfmIA=', 'base64').toString(), hex: Buffer.from([1, 255]).toString('hex'), n: Buffer.byteLength('ä'), cat: Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString(), atob: atob('YQ=='), btoa: btoa('a'), bad: Buffer.from([0xff, 0x41]).toString(), te: new TextEncoder().encode('ä').length, u32: Buffer.from([1, 2, 3, 4]).readUInt32BE(0) } }];",
    [
      {
        json: {
          b64: 'w6TDqeKCrPCfmIA=',
          back: 'äé€😀',
          hex: '01ff',
          n: 2,
          cat: 'ab',
          atob: 'a',
          btoa: 'YQ==',
          bad: '\ufffdA',
          te: 2,
          u32: 16909060,
        },
      },
    ],
  ],
  [
    'waiting works',
    'await new Promise((resolve) => setTimeout(resolve, 5)); return [{ json: { ok: true } }];',
    [{ json: { ok: true } }],
  ],
];

const each: Case[] = [
  [
    'null drops the item, links stay',
    'return $json.n === 2 ? null : { json: { n: $json.n } };',
    [
      { json: { n: 1 }, pairedItem: { item: 0 } },
      { json: { n: 3 }, pairedItem: { item: 2 } },
    ],
  ],
  [
    'undefined drops the item',
    'if ($json.n < 3) return; return { json: { n: 3 } };',
    [{ json: { n: 3 }, pairedItem: { item: 2 } }],
  ],
  ['an array is no item', 'return [{ json: { n: $json.n } }];', "A 'json' property isn't an object [item 0]"],
  ['a number is no item', 'return 5;', "Code doesn't return an object [item 0]"],
  ['an unknown key beside json', 'return { json: {}, b: 1 };', 'Unknown top-level item key: b [item 0]'],
  [
    'a thrown error carries its line only',
    'if ($json.n === 2) {\n  throw new Error("bad two");\n}\nreturn { json: { n: $json.n } };',
    'bad two [line 2]',
  ],
  ['all items are out of reach', 'const x = 1;\nreturn $input.all();', "Can't use .all() here [line 2, for item 0]"],
  ['first is out of reach', 'return $input.first();', "Can't use .first() here [line 1, for item 0]"],
  [
    'a comment is no use',
    '// $input.all()\nreturn { json: {} };',
    [
      { json: {}, pairedItem: { item: 0 } },
      { json: {}, pairedItem: { item: 1 } },
      { json: {}, pairedItem: { item: 2 } },
    ],
  ],
  [
    'the item by all its names',
    'return { json: { a: $json.n, b: item.json.n, c: $input.item.json.n, d: $itemIndex } };',
    [1, 2, 3].map((n, i) => ({ json: { a: n, b: n, c: n, d: i }, pairedItem: { item: i } })),
  ],
  [
    'the input item may be changed and returned',
    '$input.item.json.x = 1;\nreturn $input.item;',
    [
      { json: { n: 1, s: 'a', x: 1 }, pairedItem: { item: 0 } },
      { json: { n: 2, s: 'b', x: 1 }, pairedItem: { item: 1 } },
      { json: { n: 3, s: 'c', x: 1 }, pairedItem: { item: 2 } },
    ],
  ],
  [
    'plain objects are the json of the item',
    'return { v: $json.n };',
    [1, 2, 3].map((n, i) => ({ json: { v: n }, pairedItem: { item: i } })),
  ],
];

describe('Code, once for all items', () => {
  for (const [rule, jsCode, want] of all) {
    test(rule, () => check(() => codeNode.execute(makeContext(pool, { jsCode }, { scene: makeScene(data) })), want));
  }
});

describe('Code, once for each item', () => {
  for (const [rule, jsCode, want] of each) {
    test(rule, () => check(() => codeNode.execute(makeContext(pool, { jsCode, mode: 'runOnceForEachItem' })), want));
  }
});

describe('Code that carries on after errors', () => {
  const carryOn = { onError: 'continueRegularOutput' as const };

  test('all items: one error item in place of the result', () =>
    check(
      () => codeNode.execute(makeContext(pool, { jsCode: 'throw new Error("soft failure");' }, carryOn)),
      [{ json: { error: 'soft failure [line 1]' } }],
    ));

  test('all items: a wrong shape is an error item too', () =>
    check(
      () => codeNode.execute(makeContext(pool, { jsCode: 'return 5' }, carryOn)),
      [{ json: { error: RETURN_ITEMS } }],
    ));

  test('each item: the failed one is an error item in its place, with its link', () => {
    const jsCode = "if ($json.n === 2) throw new Error('two is bad');\nreturn { json: { ok: $json.n } };";
    return check(
      () => codeNode.execute(makeContext(pool, { jsCode, mode: 'runOnceForEachItem' }, carryOn)),
      [
        { json: { ok: 1 }, pairedItem: { item: 0 } },
        { json: { error: 'two is bad [line 1]' }, pairedItem: { item: 1 } },
        { json: { ok: 3 }, pairedItem: { item: 2 } },
      ],
    );
  });

  test('each item: a syntax error is an error item for each', () => {
    const context = makeContext(pool, { jsCode: 'const a = ;', mode: 'runOnceForEachItem' }, carryOn);
    const one = { json: { error: "Unexpected token ';'" } };
    return check(
      () => codeNode.execute(context),
      [0, 1, 2].map((item) => ({ ...one, pairedItem: { item } })),
    );
  });
});

describe('Code and the rest of the run', () => {
  test('console lines are hints', async () => {
    const result = await run({ jsCode: 'console.log("hi", { a: 1 });\nconsole.error("x");\nreturn [];' });
    assert.deepEqual(result.hints, ['hi {"a":1}', 'x']);
  });

  test('changed static data goes back, unchanged does not', async () => {
    const scene = makeScene({ staticData: { global: { count: 1 }, node: { a: 1 } } });
    const jsCode = "$getWorkflowStaticData('global').count++; $getWorkflowStaticData('node'); return [];";
    assert.deepEqual((await run({ jsCode }, scene)).staticData, { global: { count: 2 } });
  });

  test('an error says its description, line and kind as data', async () => {
    const failed = await run({ jsCode: 'null.x' }).catch((error: object) => ({ ...error }));
    assert.partialDeepStrictEqual(failed, {
      code: 'CODE_THREW',
      details: { name: 'TypeError', description: 'TypeError', lineNumber: 1 },
    });
  });

  test('Python is refused clearly', () =>
    check(
      () => codeNode.execute(makeContext(pool, { language: 'pythonNative' })),
      'Code in the language "pythonNative" is not supported; use JavaScript',
    ));

  test('code that may call out is an effect, other code is not', () => {
    const effectOf = (jsCode: string): string => codeNode.facts(makeContext(pool, { jsCode }).node).effect;
    assert.equal(effectOf('return items'), 'none');
    assert.equal(effectOf('return await this.helpers.httpRequest({ url })'), 'external');
    assert.equal(effectOf('return await helpers["httpRequest"]({ url })'), 'external');
  });

  test('httpRequest goes through the guarded client', async () => {
    const seen: unknown[] = [];
    const http = {
      request: async (request: { method: string; url: string; body?: unknown }) => {
        seen.push([request.method, request.url, request.body]);
        return { status: 200, statusMessage: 'OK', headers: {}, body: Buffer.from('{"ok":true}'), url: request.url };
      },
    };
    const jsCode =
      "return [{ json: await this.helpers.httpRequest({ method: 'POST', url: 'http://a.example/x', qs: { q: 'ä' }, body: { b: 1 } }) }]";
    await check(() => codeNode.execute(makeContext(pool, { jsCode }, { http })), [{ json: { ok: true } }]);
    assert.deepEqual(seen, [['POST', 'http://a.example/x?q=%C3%A4', '{"b":1}']]);
  });

  test('a refused address is an error that the code can catch', async () => {
    const http = { request: () => Promise.reject(new Error('The address may not be called')) };
    const jsCode =
      "try { await this.helpers.httpRequest('http://169.254.169.254/') } catch (e) { return [{ json: { e: e.message } }] }";
    await check(
      () => codeNode.execute(makeContext(pool, { jsCode }, { http })),
      [{ json: { e: 'The address may not be called' } }],
    );
  });
});

async function run(parameters: JsonObject, scene = makeScene()): Promise<Extract<NodeResult, { kind: 'outputs' }>> {
  const result = await codeNode.execute(makeContext(pool, parameters, { scene }));
  assert.equal(result.kind, 'outputs');
  if (result.kind !== 'outputs') assert.fail();
  return result;
}

function seen(items: readonly Item[]) {
  return { parameters: {}, memory: {}, runs: [[items]], branch: 0, run: 0 };
}
