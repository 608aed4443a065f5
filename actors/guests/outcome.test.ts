import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow, type JsonObject, type JsonValue } from '#workflow';
import type { BlobStore } from '#runtime';
import { chain } from '../testing.ts';
import type { NodeOutcome } from '../execution/protocol.ts';
import type { Services } from '../services.ts';
import { RESULT_INLINE_CHARACTERS } from './limits.ts';
import { packed, unpacked } from './outcome.ts';

function world() {
  const stored = new Map<string, Uint8Array>();
  const blobs: BlobStore = {
    put: async (bytes) => {
      stored.set('b', bytes);
      return 'b';
    },
    get: async (id) => stored.get(id),
  };
  const definition = parseWorkflow(chain('child', ['start']), { id: 'child' });
  const load = async (id: string, version?: number) =>
    id === 'child' ? { definition, version: version ?? 9 } : undefined;
  const services = { blobs, workflows: { load } } as unknown as Services; // all that reading a result asks for
  const way = async (outcome: NodeOutcome): Promise<NodeOutcome> =>
    unpacked(JSON.parse(JSON.stringify(await packed(outcome, blobs))) as JsonObject, 'A', services);
  return { blobs, stored, services, definition, way };
}

test('every kind of outcome comes out as it went in', async () => {
  const { way, definition } = world();
  const outcomes: NodeOutcome[] = [
    {
      kind: 'result',
      result: { kind: 'outputs', outputs: [[{ json: { n: 1 } }], null, []], hints: ['h'], memory: { m: 1 } },
    },
    {
      kind: 'result',
      result: {
        kind: 'outputs',
        outputs: [[{ json: {}, binary: { f: { id: 'x', mimeType: 'a/b' } }, pairedItem: { item: 0 } }]],
        response: { status: 201, headers: { a: 'b' }, body: { kind: 'json', value: [1] } },
        staticData: { global: { n: 1 } },
        error: { message: 'handled' },
      },
    },
    { kind: 'result', result: { kind: 'wait', reason: 'timer', until: 5 } },
    { kind: 'failure', error: { message: 'no', name: 'Error', code: 'X', httpCode: '500' } },
    { kind: 'calls', calls: [{ definition, version: 3, trigger: 'start 0', items: [{ json: {} }] }], wait: true },
    { kind: 'calls', calls: [], wait: false },
  ];
  for (const outcome of outcomes) assert.deepEqual(await way(outcome), outcome);
});

test('a result over the limit is named by its blob, one at the limit travels itself', async () => {
  const { blobs, stored, way } = world();
  const failure = (length: number): NodeOutcome => ({ kind: 'failure', error: { message: 'x'.repeat(length) } });
  const frame = JSON.stringify(failure(0)).length;
  assert.ok('outcome' in (await packed(failure(RESULT_INLINE_CHARACTERS - frame), blobs)));
  assert.equal(stored.size, 0);
  assert.deepEqual(await packed(failure(RESULT_INLINE_CHARACTERS - frame + 1), blobs), { blob: 'b' });
  assert.deepEqual(await way(failure(200_000)), failure(200_000));
});

const strange: [string, JsonValue][] = [
  ['nothing', null],
  ['text', 'done'],
  ['an unknown kind', { kind: 'triumph' }],
  ['a result without outputs', { kind: 'result', result: { kind: 'outputs' } }],
  ['outputs that are no lists', { kind: 'result', result: { kind: 'outputs', outputs: [{}] } }],
  ['items without json', { kind: 'result', result: { kind: 'outputs', outputs: [[{ text: 1 }]] } }],
  ['a wait for who knows what', { kind: 'result', result: { kind: 'wait', reason: 'luck' } }],
  ['a failure without a message', { kind: 'failure', error: {} }],
  ['calls that are no list', { kind: 'calls', calls: {} }],
  ['a call without an id', { kind: 'calls', calls: [{ version: 1, trigger: 't', items: [] }] }],
  ['a call that is no object', { kind: 'calls', calls: [null] }],
];
for (const [name, outcome] of strange) {
  test(`${name} instead of an outcome is a failure of the node`, async () => {
    const read = await unpacked({ outcome }, 'A', world().services);
    assert.equal(read.kind === 'failure' && read.error['code'], 'NODE_PLACE_ANSWER');
  });
}

test('a blob or a definition that is not there (yet) is no outcome at all', async () => {
  const { services } = world();
  await assert.rejects(unpacked({ blob: 'missing' }, 'A', services), { code: 'BINARY_GONE' });
  const calls = [{ id: 'gone', version: 1, trigger: 't', items: [] }];
  await assert.rejects(unpacked({ outcome: { kind: 'calls', calls, wait: true } }, 'A', services), {
    code: 'WORKFLOW_VERSION_GONE',
  });
});
