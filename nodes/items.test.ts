import assert from 'node:assert/strict';
import test from 'node:test';

import { errors } from './errors.ts';
import { eachItem, errorItem, linked, linksTo, messageOf, passOn } from './items.ts';
import { noOp } from './no-op/node.ts';
import { flagParam, groupParam, locatorValue, numberParam, oneOf, rowsParam, textParam } from './read.ts';
import { contextFor } from './testing.ts';

test('an item that is linked so already is handed on itself', () => {
  const item = { json: {}, pairedItem: { item: 2 } };
  assert.equal(linked(item, 2), item);
  const second = { json: {}, pairedItem: { item: 0, input: 1 } };
  assert.equal(linked(second, 0, 1), second);
});

for (const pairedItem of [
  undefined,
  2,
  [{ item: 2 }],
  { item: 1 },
  { item: 2, input: 1 },
  { item: 2, sourceOverwrite: { previousNode: 'x' } },
]) {
  test(`another link is replaced: ${JSON.stringify(pairedItem)}`, () => {
    const item = pairedItem === undefined ? { json: { a: 1 } } : { json: { a: 1 }, pairedItem };
    const made = linked(item, 2);
    assert.deepEqual(made, { json: { a: 1 }, pairedItem: { item: 2 } });
    assert.equal(made.json, item.json);
  });
}

test('items passed on are linked by position', () => {
  assert.deepEqual(
    passOn([{ json: {} }, { json: {} }], 1).map(({ pairedItem }) => pairedItem),
    [
      { item: 0, input: 1 },
      { item: 1, input: 1 },
    ],
  );
  assert.deepEqual(linksTo([1, 2]), [{ item: 0 }, { item: 1 }]);
});

const three = { inputs: [[{ n: 1 }, { n: 2 }, { n: 3 }]] };
const failOnTwo = (
  item: { json: Record<string, unknown> },
  index: number,
): { json: { ok: true }; pairedItem: { item: number } } => {
  if (item.json['n'] === 2) throw new Error('no two');
  return { json: { ok: true }, pairedItem: { item: index } };
};

test('a failing item stops the node', () => {
  assert.throws(() => eachItem(contextFor(noOp, three), failOnTwo), { message: 'no two' });
});

test('a failing item becomes an error item in its place where the node carries on', () => {
  const made = eachItem(contextFor(noOp, { ...three, context: { continuesOnFail: true } }), failOnTwo);
  assert.deepEqual(made[1], { json: { error: 'no two' }, pairedItem: { item: 1 } });
  assert.equal(made.length, 3);
});

test('a failure of the whole node is never an item', () => {
  const context = contextFor(noOp, { ...three, context: { continuesOnFail: true } });
  const stop = (): never => {
    throw errors.NODE_STOPPED({ message: 'enough', wholeNode: true });
  };
  assert.throws(() => eachItem(context, stop), { message: 'enough' });
});

test('messages of what was thrown', () => {
  assert.equal(messageOf('text'), 'text');
  assert.deepEqual(errorItem(new Error('x'), 4), { json: { error: 'x' }, pairedItem: { item: 4 } });
});

const reading = contextFor(noOp, {
  parameters: {
    t: 5,
    yes: 'true',
    no: 'FALSE',
    n: '12',
    bad: 'x',
    group: { a: 1 },
    rows: [{ a: 1 }, 2],
    one: { a: 1 },
    on: true,
  },
});

test('parameters are read as what the node needs', () => {
  assert.equal(textParam(reading, 't', 0), '5');
  assert.equal(textParam(reading, 'missing', 0, 'd'), 'd');
  assert.equal(flagParam(reading, 'yes', 0), true);
  assert.equal(flagParam(reading, 'no', 0), false);
  assert.equal(flagParam(reading, 'missing', 0, true), true);
  assert.equal(numberParam(reading, 'n', 0), 12);
  assert.equal(numberParam(reading, 'missing', 0, 7), 7);
  assert.deepEqual(groupParam(reading, 'group', 0), { a: 1 });
  assert.deepEqual(groupParam(reading, 't', 0), {});
  assert.deepEqual(rowsParam(reading, 'rows', 0), [{ a: 1 }]);
  assert.deepEqual(rowsParam(reading, 'one', 0), [{ a: 1 }]);
});

test('a number that is none is refused with its value and item', () => {
  assert.throws(() => numberParam(reading, 'bad', 3), {
    code: 'NODE_PARAMETER_INVALID',
    message: /"bad".*"x".*\[item 3\]/,
  });
  assert.throws(() => numberParam(reading, 'on', 0), { code: 'NODE_PARAMETER_INVALID' });
});

test('a value outside a closed list is refused with the list', () => {
  assert.equal(oneOf('a', ['a', 'b'], 'p'), 'a');
  assert.throws(() => oneOf('c', ['a', 'b'], 'p'), { message: /allowed: a, b/ });
});

test('a resource locator is its value', () => {
  assert.equal(locatorValue({ __rl: true, mode: 'id', value: '17' }), '17');
  assert.equal(locatorValue('17'), '17');
  assert.equal(locatorValue(undefined), '');
});
