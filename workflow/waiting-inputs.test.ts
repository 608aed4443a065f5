import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Deque } from './deque.ts';
import { items } from './test-kit.ts';
import { WaitingLine } from './waiting-inputs.ts';

const from = (previousNode: string) => ({ previousNode });

describe('a line before a node with several inputs', () => {
  it('completes an entry when all its inputs have arrived', () => {
    const line = new WaitingLine(2);
    assert.equal(line.arrive(1, items(1), from('B')), undefined);
    assert.deepEqual(line.arrive(0, items(2), from('A'))?.inputs, [items(2), items(1)]);
    assert.equal(line.length, 0);
  });

  it('remembers where each input came from', () => {
    const line = new WaitingLine(2);
    line.arrive(1, items(1), from('B'));
    assert.deepEqual(line.head()?.sources, [null, from('B')]);
    assert.deepEqual(line.arrive(0, [], null)?.sources, [null, from('B')]);
  });

  it('opens a new entry for an input that is filled already', () => {
    const line = new WaitingLine(2);
    for (const n of [1, 2, 3]) line.arrive(0, items(n), null);
    assert.equal(line.length, 3);
    assert.deepEqual(line.arrive(1, items(9), null)?.inputs, [items(1), items(9)]);
    assert.deepEqual(line.arrive(1, items(8), null)?.inputs, [items(2), items(8)]);
    assert.equal(line.length, 1);
  });

  it('an entry that left with holes is not filled afterwards', () => {
    const line = new WaitingLine(2);
    line.arrive(0, items(1), null);
    assert.deepEqual(line.leave()?.inputs, [items(1), null]);
    assert.equal(line.arrive(1, items(2), null), undefined);
    assert.deepEqual(line.arrive(0, items(3), null)?.inputs, [items(3), items(2)]);
  });

  it('is empty at first', () => {
    const line = new WaitingLine(3);
    assert.deepEqual([line.length, line.head(), line.leave()], [0, undefined, undefined]);
  });

  it('does as the plain rule says, for any sequence: first entry with that input empty, else a new one', () => {
    const steps = fc.array(fc.oneof(fc.record({ input: fc.nat({ max: 2 }) }), fc.constant('leave' as const)));
    fc.assert(
      fc.property(steps, (sequence) => {
        const line = new WaitingLine(3);
        const plain: (number | null)[][] = [];
        sequence.forEach((step, n) => {
          if (step === 'leave') {
            const expected = plain.shift();
            assert.deepEqual(
              line.leave()?.inputs.map((ports) => ports?.[0]?.json['n'] ?? null),
              expected,
            );
            return;
          }
          let entry = plain.find((candidate) => candidate[step.input] === null);
          if (entry === undefined) plain.push((entry = [null, null, null]));
          entry[step.input] = n;
          const complete = line.arrive(step.input, items(n), null);
          assert.equal(complete !== undefined, !entry.includes(null));
          if (complete === undefined) return;
          assert.deepEqual(
            complete.inputs.map((ports) => ports?.[0]?.json['n']),
            entry,
          );
          plain.splice(plain.indexOf(entry), 1);
        });
        assert.equal(line.length, plain.length);
      }),
    );
  });
});

describe('a deque', () => {
  it('behaves as a list with two ends, for any sequence', () => {
    const steps = fc.array(fc.constantFrom('front', 'back', 'pop', 'pop', 'many'), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (sequence) => {
        const deque = new Deque<number>();
        const plain: number[] = [];
        sequence.forEach((step, n) => {
          if (step === 'pop') assert.equal(deque.popFront(), plain.shift());
          if (step === 'front') {
            deque.pushFront(n);
            plain.unshift(n);
          }
          for (let left = step === 'many' ? 100 : step === 'back' ? 1 : 0; left > 0; left--) {
            deque.pushBack(left);
            plain.push(left);
          }
          assert.equal(deque.length, plain.length);
          assert.equal(deque.first(), plain[0]);
          assert.equal(deque.at(1), plain[1]);
          assert.equal(
            deque.some((value) => value === n),
            plain.includes(n),
          );
        });
      }),
    );
  });

  it('gives a queue of 200,000 back in linear time', () => {
    const deque = new Deque<number>();
    for (let n = 0; n < 200_000; n++) deque.pushBack(n);
    let sum = 0;
    for (let n = deque.popFront(); n !== undefined; n = deque.popFront()) sum += n;
    assert.equal(sum, 19_999_900_000);
  });
});
