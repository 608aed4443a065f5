import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Lane, Mailbox } from './mailbox.ts';
import type { Envelope } from './mailbox.ts';

type Step = { do: 'push'; item: number } | { do: 'shift' } | { do: 'prepend'; items: number[] } | { do: 'drain' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), item: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('shift' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('prepend' as const), items: fc.array(fc.nat(), { maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
);

const envelope = (type: string, at: number): Envelope => ({
  message: { type },
  signal: undefined,
  at,
  next: undefined,
});
const numbered = (item: number): Envelope => envelope('numbered', item);

describe('a lane', () => {
  test('does what an array would do, for any sequence of steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const lane = new Lane();
        let model: number[] = [];
        for (const each of steps) {
          if (each.do === 'push') {
            lane.push(numbered(each.item));
            model.push(each.item);
          } else if (each.do === 'shift') {
            equal(lane.peek()?.at, model[0]);
            equal(lane.shift()?.at, model.shift());
          } else if (each.do === 'prepend') {
            lane.prepend(each.items.map(numbered));
            model = [...each.items, ...model];
          } else {
            deepEqual(
              lane.drain().map(({ at }) => at),
              model,
            );
            model = [];
          }
          equal(lane.length, model.length);
        }
        deepEqual(
          lane.drain().map(({ at }) => at),
          model,
        );
      }),
      { seed: 4713 },
    );
  });

  test('what was taken from one lane can go into another', () => {
    const [from, to] = [new Lane(), new Lane()];
    for (const item of [1, 2, 3]) from.push(numbered(item));
    const taken = from.shift();
    if (taken !== undefined) to.push(taken);
    deepEqual([from.length, to.length], [2, 1]);
    deepEqual(
      to.drain().map(({ at }) => at),
      [1],
    );
  });
});

describe('a mailbox', () => {
  test('counts both lanes and knows the age of the oldest message in either', () => {
    const mailbox = new Mailbox();
    equal(mailbox.oldestAt(), undefined);
    mailbox.push(envelope('normal', 5));
    mailbox.pushControl(envelope('control', 9));
    deepEqual([mailbox.length, mailbox.normalLength, mailbox.controlLength, mailbox.oldestAt()], [2, 1, 1, 5]);
    equal(mailbox.shift()?.message?.type, 'control');
    equal(mailbox.shift()?.message?.type, 'normal');
    equal(mailbox.shift(), undefined);
  });

  test('drains control first', () => {
    const mailbox = new Mailbox();
    mailbox.push(envelope('normal', 1));
    mailbox.pushControl(envelope('control', 2));
    mailbox.prepend([envelope('first', 0)]);
    deepEqual(
      mailbox.drain().map(({ message }) => message?.type),
      ['control', 'first', 'normal'],
    );
    equal(mailbox.length, 0);
  });
});
