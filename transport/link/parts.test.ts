import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimulatedClock } from '#runtime';
import { Intake } from './intake.ts';
import { OpenAsks } from './open-asks.ts';
import { SeenMessages } from './seen.ts';
import { StateWatch } from './transport-link.ts';

/** An intake whose turns happen when the test says so; what is handled is written down. */
function handIntake(turnMessages: number) {
  const due: (() => void)[] = [];
  const handled: string[] = [];
  const verdicts: string[] = [];
  const intake = new Intake(
    (lane, { content, done }) => {
      handled.push(`${lane} ${content.toString()}`);
      done('taken');
    },
    (run) => void due.push(run),
    turnMessages,
  );
  const push = (lane: 'control' | 'normal', content: string): void =>
    intake.push(lane, { content: Buffer.from(content), done: (verdict) => verdicts.push(verdict) });
  return { intake, push, handled, verdicts, due, turn: () => due.shift()?.() };
}

test('control goes before everything normal that came earlier', () => {
  const { push, handled, turn } = handIntake(10);
  push('normal', '1');
  push('control', '2');
  push('normal', '3');
  push('control', '4');
  turn();
  assert.deepEqual(handled, ['control 2', 'control 4', 'normal 1', 'normal 3']);
});

test('after TURN_MESSAGES of the normal lane others get their turn, and control that came meanwhile is next', () => {
  const { push, handled, turn, due } = handIntake(2);
  for (const n of ['1', '2', '3']) push('normal', n);
  assert.equal(due.length, 1);
  turn();
  push('control', '4');
  turn();
  assert.deepEqual(handled, ['normal 1', 'normal 2', 'control 4', 'normal 3']);
  assert.equal(due.length, 0);
});

test('whatever is forgotten is neither handled nor answered', () => {
  const { intake, push, handled, verdicts, turn } = handIntake(2);
  push('normal', '1');
  push('control', '2');
  intake.clear();
  turn();
  assert.deepEqual([handled, verdicts], [[], []]);
});

test('every question settles once, by whatever comes first', async () => {
  const event = fc.record({
    do: fc.constantFrom('answer', 'refuse', 'fail', 'left', 'pass', 'stranger'),
    which: fc.nat(4),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const clock = new SimulatedClock();
      const asks = new OpenAsks(clock);
      const settled: string[][] = [[], [], [], [], []];
      const note = (n: number) => (value: unknown) => void settled[n]?.push(String(value));
      for (const n of settled.keys()) {
        const asked = { peer: `p${n % 2}`, kind: 'k' };
        asks.wait(String(n), asked, 100 * (n + 1), () => new Error('late')).then(note(n), note(n));
      }
      for (const next of events) {
        const [id, peer] = [String(next.which), `p${next.which % 2}`];
        if (next.do === 'answer') asks.answer(id, peer, 'value');
        if (next.do === 'stranger') assert.equal(asks.answer(id, 'another', 'false'), false);
        if (next.do === 'refuse') asks.refuse(id, peer, ({ kind }) => new Error(kind));
        if (next.do === 'fail') asks.fail(id, new Error('failed'));
        if (next.do === 'left') asks.failAll((asked) => new Error(`${asked.peer} left`), peer);
        if (next.do === 'pass') clock.advanceSync(60);
      }
      clock.advanceSync(1_000);
      await Promise.resolve();
      await Promise.resolve();
      for (const [n, words] of settled.entries()) {
        assert.equal(words.length, 1);
        assert.notEqual(words[0], 'false');
        if (words[0]?.endsWith('left')) assert.equal(words[0], `Error: p${n % 2} left`);
      }
      assert.deepEqual([asks.size, clock.pending], [0, 0]);
    }),
    { numRuns: 300 },
  );
});

test('an id is new once per sender', () => {
  const seen = new SeenMessages(100, 10);
  const answers = [
    ['a', '1'],
    ['b', '1'],
    ['a', '1'],
    ['a', '2'],
    ['b', '1'],
  ].map(([from = '', id = '']) => seen.fresh(from, id));
  assert.deepEqual(answers, [true, true, false, true, false]);
});

test('memory is bounded: the oldest ids of a sender, and the sender heard longest ago, are forgotten', () => {
  const seen = new SeenMessages(2, 2);
  for (const id of ['1', '2', '3']) seen.fresh('a', id);
  assert.deepEqual([seen.fresh('a', '3'), seen.fresh('a', '2'), seen.fresh('a', '1')], [false, false, true]);
  seen.fresh('b', '1');
  seen.fresh('a', '1');
  seen.fresh('c', '1');
  assert.equal(seen.senders, 2);
  assert.deepEqual([seen.fresh('a', '1'), seen.fresh('b', '1')], [false, true]);
});

test('watchers are told of changes only, and one that throws is reported', () => {
  const failures: unknown[] = [];
  const watch = new StateWatch((error) => failures.push(error));
  const told: string[] = [];
  watch.add(() => {
    throw new Error('no');
  });
  const unwatch = watch.add((state) => told.push(state));
  for (const state of ['down', 'up', 'up', 'blocked', 'up', 'down', 'down'] as const) watch.now(state);
  assert.deepEqual([told, watch.last, failures.length], [['up', 'blocked', 'up', 'down'], 'down', 4]);
  unwatch();
  watch.now('up');
  assert.equal(told.length, 4);
});
