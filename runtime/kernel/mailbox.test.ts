import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Fifo, Mailbox } from './mailbox.ts';
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

describe('a queue', () => {
  test('does what an array would do, for any sequence of steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const fifo = new Fifo<number>();
        let model: number[] = [];
        for (const each of steps) {
          if (each.do === 'push') {
            fifo.push(each.item);
            model.push(each.item);
          } else if (each.do === 'shift') {
            equal(fifo.peek(), model[0]);
            equal(fifo.shift(), model.shift());
          } else if (each.do === 'prepend') {
            fifo.prepend(each.items);
            model = [...each.items, ...model];
          } else {
            deepEqual(fifo.drain(), model);
            model = [];
          }
          equal(fifo.length, model.length);
        }
        deepEqual(fifo.drain(), model);
      }),
      { seed: 4713 },
    );
  });

  test('stays in order over many times its compaction size', () => {
    const fifo = new Fifo<number>();
    let next = 0;
    for (let item = 0; item < 1000; item += 1) {
      fifo.push(item);
      if (item % 3 !== 0) equal(fifo.shift(), next++);
    }
    deepEqual(
      fifo.drain(),
      Array.from({ length: 1000 - next }, (_, index) => next + index),
    );
  });
});

describe('a mailbox', () => {
  const envelope = (type: string, at: number): Envelope => ({ message: { type }, signal: undefined, at });

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
