import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JournalEvent, Step } from '#runtime';
import { EVENT_ALONE_BYTES, STATEMENT_STEPS } from '../limits.ts';
import { isTerminal, toWaves } from './batch.ts';
import { byteas, int2s, int4s, int8s, texts } from './columns.ts';
import { idNumber, idNumberOr } from './ids.ts';
import { ENCODING, encodeRow, packEvents, unpackRow, type StoredRow } from './pack.ts';
import { COLUMNS, HEAD_COLUMNS, PART, partsOf, statementFor, type PartName } from './statement.ts';

/** Reads PostgreSQL's binary array format independently of the writer. */
function decode(buffer: Buffer): { oid: number; hasNulls: boolean; values: (Buffer | null)[] } {
  const [dimensions, nulls, oid] = [buffer.readInt32BE(0), buffer.readInt32BE(4), buffer.readInt32BE(8)];
  if (dimensions === 0) return { oid, hasNulls: nulls === 1, values: [] };
  equal(buffer.readInt32BE(16), 1, 'lower bound');
  const values: (Buffer | null)[] = [];
  let at = 20;
  for (let left = buffer.readInt32BE(12); left > 0; left -= 1) {
    const bytes = buffer.readInt32BE(at);
    at += 4;
    values.push(bytes < 0 ? null : buffer.subarray(at, (at += bytes)));
  }
  equal(at, buffer.length, 'nothing is left over');
  return { oid, hasNulls: nulls === 1, values };
}

const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<(T | null)[]> =>
  fc.array(fc.option(value), { maxLength: 20 });

describe('binary array columns', () => {
  test('numbers of every width come back as they were', () => {
    const cases = [
      [int2s, fc.integer({ min: -32_768, max: 32_767 }), (bytes: Buffer) => bytes.readInt16BE(0)],
      [int4s, fc.integer(), (bytes: Buffer) => bytes.readInt32BE(0)],
      [
        int8s,
        fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
        (bytes: Buffer) => Number(bytes.readBigInt64BE(0)),
      ],
    ] as const;
    for (const [write, numbers, read] of cases) {
      fc.assert(
        fc.property(nullable(numbers), (values) => {
          const decoded = decode(write(values));
          deepEqual(
            decoded.values.map((bytes) => bytes && read(bytes)),
            values,
          );
          equal(decoded.hasNulls, values.includes(null));
        }),
      );
    }
  });
  test('text comes back as UTF-8, also when it holds emoji and no ASCII at all', () => {
    fc.assert(
      fc.property(nullable(fc.string({ unit: 'grapheme' })), (values) => {
        deepEqual(
          decode(texts(values)).values.map((bytes) => bytes && bytes.toString('utf8')),
          values,
        );
      }),
    );
  });
  test('bytes and strings may stand in one column', () => {
    deepEqual(
      decode(byteas(['ä', new Uint8Array([0, 255])])).values.map((bytes) => bytes?.toString('hex')),
      ['c3a4', '00ff'],
    );
  });
  test('fractions of a millisecond are cut', () => equal(decode(int8s([1.9])).values[0]?.readBigInt64BE(0), 1n));
});

describe('execution ids', () => {
  for (const good of ['0', '1', '9007199254740991']) test(`${good} is one`, () => equal(idNumber(good), Number(good)));
  for (const bad of ['', '-1', '01', '1.0', '1e3', ' 1', '9007199254740992', 'x', '0x1']) {
    test(`${JSON.stringify(bad)} is none`, () => {
      throws(() => idNumber(bad), { code: 'ID_INVALID' });
      equal(idNumberOr(bad), undefined);
    });
  }
});

const noteOf = (seq: number, note: string): JournalEvent => ({
  seq,
  event: { type: 'node.finished', at: seq, node: 'N', run: 0, outputs: [[{ json: { note } }]] },
});

describe('packing', () => {
  test('whatever the sizes: rows cover all seqs without gaps, and only a lone event is large', () => {
    const sizes = fc.array(fc.constantFrom(1, 100, 70_000), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.nat(50), (lengths, before) => {
        const events = lengths.map((length, index) => noteOf(before + 1 + index, 'x'.repeat(length)));
        let next = before + 1;
        for (const row of packEvents(events)) {
          equal(row.seq, next);
          next += row.count;
          ok(row.count === 1 || !row.text.includes('x'.repeat(EVENT_ALONE_BYTES)));
        }
        equal(next, before + 1 + lengths.length);
      }),
      { numRuns: 40 },
    );
  });

  const noBlob = async (): Promise<undefined> => undefined;
  test('small, middle and large rows come back, by every encoding', async () => {
    for (const [length, encoding] of [
      [10, ENCODING.json],
      [5_000, ENCODING.zstd],
      [50_000, ENCODING.zstd],
    ] as const) {
      const events = [noteOf(7, 'é'.repeat(length))];
      const [row] = packEvents(events);
      ok(row);
      const made = await encodeRow(row);
      equal(made.encoding, encoding);
      const plain = typeof made.payload === 'string';
      const stored: StoredRow = {
        seq: row.seq,
        count: row.count,
        encoding,
        text: plain ? String(made.payload) : null,
        payload: typeof made.payload === 'string' ? null : made.payload,
      };
      deepEqual(await unpackRow('1', stored, noBlob), events);
    }
  });

  const broken: Record<string, Partial<StoredRow>> = {
    'text that is no JSON': { text: '[{' },
    'no array': { text: '{}' },
    'fewer events than it says': { count: 2, text: '[{}]' },
    'bytes that are no zstd': { encoding: ENCODING.zstd, payload: Buffer.from('nonsense') },
    'a blob that is gone': { encoding: ENCODING.blob, payload: Buffer.alloc(32) },
  };
  for (const [what, change] of Object.entries(broken)) {
    test(`a row with ${what} is JOURNAL_CORRUPT`, async () => {
      const row = { seq: 1, count: 1, encoding: 0, text: null, payload: null, ...change };
      await rejects(unpackRow('1', row, noBlob), { code: 'JOURNAL_CORRUPT' });
    });
  }
});

function step(executionId: string, more: Partial<Step> = {}): Step {
  return { executionId, shard: 0, epoch: 1, events: [], status: 'running', ...more };
}

const keyed = (executionId: string, idempotencyKey: string): Step =>
  step(executionId, { create: { workflowId: 'w', workflowVersion: 1, mode: 'manual', startedAt: 1, idempotencyKey } });

describe('waves', () => {
  const shape = (steps: Step[]): string[] =>
    toWaves(steps).map((wave) => wave.map(({ steps: [root] }) => root?.executionId).join());

  test('strangers share one statement', () => deepEqual(shape([step('1'), step('2'), step('3')]), ['1,2,3']));
  test('steps of one execution follow each other', () =>
    deepEqual(shape([step('1'), step('2'), step('1'), step('1')]), ['1,2', '1', '1']));
  test('the second use of a key sees the first', () =>
    deepEqual(shape([keyed('1', 'k'), keyed('2', 'k'), keyed('3', 'l')]), ['1,3', '2']));
  test('two epochs of one shard are asked for apart', () => {
    deepEqual(shape([step('1'), step('2', { epoch: 2 }), step('3', { shard: 5, epoch: 2 })]), ['1,3', '2']);
  });
  test('a child takes its place among all executions', () => {
    const child = keyed('2', 'k');
    deepEqual(shape([step('1', { children: [child] }), step('2')]), ['1', '2']);
  });
  test('a statement has a bound', () => {
    const many = Array.from({ length: STATEMENT_STEPS + 1 }, (_, id) => step(String(id)));
    deepEqual(
      toWaves(many).map((wave) => wave.length),
      [STATEMENT_STEPS, 1],
    );
  });
  test('random batches keep the order of each execution and lose nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(2)), { maxLength: 30 }), (pairs) => {
        const steps = pairs.map(([id, epoch]) => step(String(id), { shard: id, epoch }));
        const order = toWaves(steps).flat();
        equal(order.length, steps.length);
        for (const id of new Set(pairs.map(([each]) => String(each)))) {
          const places = order.filter(({ steps: [root] }) => root?.executionId === id).map(({ n }) => n);
          deepEqual(
            places,
            places.toSorted((a, b) => a - b),
          );
        }
      }),
    );
  });

  const create = keyed('1', 'k').create;
  const invalid: Record<string, Step> = {
    'a gap in seq': step('1', { events: [noteOf(1, 'a'), noteOf(3, 'b')] }),
    'an end without its moment': step('1', { status: 'success' }),
    'a moment of ending while it runs': step('1', { stoppedAt: 1 }),
    'a key of 256 characters': keyed('1', 'x'.repeat(256)),
    'U+0000 in a key': keyed('1', 'a\0'),
    'U+0000 in the name of static data': step('1', { staticData: { 'node:\0': 1 } }),
    'an execution twice in a family': step('1', { children: [step('1', { ...(create && { create }) })] }),
    'a child that is not created': step('1', { children: [step('2')] }),
    'two keys in a family': { ...keyed('1', 'a'), children: [keyed('2', 'b')] },
    'two epochs of a shard in a family': {
      ...keyed('1', 'a'),
      children: [{ ...step('2', { ...(create && { create: { ...create } }) }), epoch: 9 }],
    },
  };
  for (const [what, bad] of Object.entries(invalid)) {
    test(`${what} is refused`, () => throws(() => toWaves([bad]), { code: 'JOURNAL_STEP_INVALID' }));
  }
  test('terminal are exactly the three ends', () => {
    const ends = (['running', 'waiting', 'success', 'error', 'canceled'] as const).filter(isTerminal);
    deepEqual(ends, ['success', 'error', 'canceled']);
  });
});

describe('the statement', () => {
  const all = Object.values(PART).reduce((mask, bit) => mask | bit, 0);
  test('every part has a bit of its own', () => equal(all, 2 ** Object.keys(PART).length - 1));
  test('the names of a mask are those of its bits', () => {
    deepEqual(partsOf(PART.create | PART.rows), ['create', 'rows']);
    deepEqual(partsOf(all), Object.keys(PART));
  });
  test('each mask numbers exactly the parameters of its parts', () => {
    for (let mask = 1; mask <= all; mask += 1) {
      const { name, text } = statementFor(mask);
      equal(name, `commit-${mask}`);
      const wanted = HEAD_COLUMNS.length + partsOf(mask).reduce((sum, part: PartName) => sum + COLUMNS[part].length, 0);
      const used = new Set([...text.matchAll(/\$(\d+)::/g)].map(([, number]) => Number(number)));
      equal(used.size, wanted);
      equal(Math.max(...used), wanted);
    }
  });
  test('the usual batch pays for no other part', () => {
    const { text } = statementFor(PART.create | PART.rows);
    for (const word of ['timer', 'inbox', 'outbox', 'idempotency (', 'UPDATE', 'DELETE'])
      ok(!text.includes(word), word);
  });
  test('shards are locked FOR SHARE: a weaker lock lets a zombie write after its successor has read', () => {
    ok(/FOR SHARE OF s/.test(statementFor(PART.create).text));
  });
});
