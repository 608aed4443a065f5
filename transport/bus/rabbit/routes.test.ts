import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '#runtime';
import { Routes } from './routes.ts';

test('what is not known yet is wanted, so that nothing is missed for want of knowledge', () => {
  equal(new Routes(new SimulatedClock()).wants('execution.completed'), true);
});

test('a type that came back is let through once a second, until somebody takes it', async () => {
  const clock = new SimulatedClock();
  const routes = new Routes(clock);
  routes.learned('a', false);
  const asked: boolean[] = [];
  for (let tenth = 0; tenth < 30; tenth += 1) {
    asked.push(routes.wants('a'));
    await clock.advance(100);
  }
  equal(asked.filter(Boolean).length, 2);
  routes.learned('a', false);
  equal(routes.wants('a'), true, 'the third second has begun');
  equal(routes.wants('a'), false);
  routes.learned('a', true);
  deepEqual([routes.wants('a'), routes.wants('a')], [true, true]);
});

test('what others want says nothing about a type', () => {
  const routes = new Routes(new SimulatedClock());
  routes.learned('a', false);
  routes.learned('b', true);
  deepEqual([routes.wants('a'), routes.wants('b')], [false, true]);
});

test('a subscription of this member is known at once', () => {
  const routes = new Routes(new SimulatedClock());
  for (const type of ['x.a', 'x.b', 'y.a']) routes.learned(type, false);
  routes.begun((type) => type.startsWith('x.'));
  deepEqual(
    ['x.a', 'x.b', 'y.a'].map((type) => routes.wants(type)),
    [true, true, false],
  );
});

test('no more types are remembered than there can be', () => {
  const routes = new Routes(new SimulatedClock());
  for (let n = 0; n <= 1_000; n += 1) routes.learned(`t${n}`, false);
  deepEqual([routes.wants('t999'), routes.wants('t1000')], [false, true]);
});
