import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '#workflow';
import { TICKETS_PER_MESSAGE } from './limits.ts';
import { answerOf, heardOf, orderOf, portions, ticketsOf, type Order } from './wire.ts';

const ORDER: Order & JsonObject = {
  ticket: 't',
  executionId: '7',
  node: 'A',
  run: 0,
  attempt: 1,
  seq: 3,
  epoch: 2,
  publicUrl: 'http://a',
};

test('an order reads as it was written, and what it does not know is left out', () => {
  assert.deepEqual(orderOf(ORDER), ORDER);
  assert.deepEqual(orderOf({ ...ORDER, later: true }), ORDER);
});

for (const key of Object.keys(ORDER)) {
  test(`an order without a usable ${key} is none`, () => {
    const text = typeof ORDER[key] === 'string';
    for (const bad of [undefined, null, text ? '' : -1, text ? 3 : 0.5, text ? ['t'] : '3', {}]) {
      const body = { ...ORDER, [key]: bad } as JsonObject;
      assert.equal(orderOf(body), undefined, JSON.stringify(bad));
    }
  });
}

const answers: [string, JsonValue, ReturnType<typeof answerOf>][] = [
  ['taken', { taken: true }, { taken: true }],
  ['busy, with its words', { refused: 'busy', why: 'full' }, { refused: 'busy', why: 'full' }],
  ['stale, without words', { refused: 'stale' }, { refused: 'stale', why: 'stale' }],
  ['anything else', { refused: 'moody' }, { refused: 'invalid', why: 'an answer in a form not known here' }],
  ['no object', [true], { refused: 'invalid', why: 'an answer in a form not known here' }],
  ['nothing', null, { refused: 'invalid', why: 'an answer in a form not known here' }],
];
for (const [name, value, answer] of answers) {
  test(`an answer that is ${name}`, () => assert.deepEqual(answerOf(value), answer));
}

test('lists of tickets hold texts only, and not too many', () => {
  assert.deepEqual(ticketsOf(['a', 1, '', null, 'b']), ['a', 'b']);
  assert.deepEqual(ticketsOf('a'), []);
  assert.deepEqual(ticketsOf(undefined), []);
  assert.equal(ticketsOf(Array.from({ length: TICKETS_PER_MESSAGE + 1 }, () => 't')).length, TICKETS_PER_MESSAGE);
  assert.deepEqual(heardOf({ done: ['a'], kept: 7 }), { kept: [], done: ['a'], unwanted: [] });
});

test('what is too long for one message goes in several, nothing left out', () => {
  const tickets = Array.from({ length: TICKETS_PER_MESSAGE * 2 + 1 }, (_, index) => `t${index}`);
  assert.deepEqual(
    portions(tickets).map(({ length }) => length),
    [TICKETS_PER_MESSAGE, TICKETS_PER_MESSAGE, 1],
  );
  assert.deepEqual(portions(tickets).flat(), tickets);
  assert.deepEqual(portions([]), []);
});
