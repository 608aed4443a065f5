import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { quiet, SimulatedClock, type OutboxEvent } from '#runtime';
import { Lanes, type Delivery } from './lanes.ts';
import { BUS_LIMITS } from './limits.ts';
import { SeenIds } from './seen-ids.ts';
import { event, RETRY } from './test-events.ts';

interface Rig {
  clock: SimulatedClock;
  lanes: Lanes;
  log: string[];
  offer(event: OutboxEvent): void;
}

function rig(handle: (event: OutboxEvent) => void | Promise<void>, park?: Delivery['park']): Rig {
  const clock = new SimulatedClock();
  const log: string[] = [];
  const lanes = new Lanes({ clock, retry: RETRY, handle, seen: new SeenIds(100), observer: {} });
  const offer = (offered: OutboxEvent): void =>
    lanes.offer({
      event: offered,
      done: () => log.push(`done ${offered.id}`),
      park: (attempts, reason) => {
        log.push(`park ${offered.id} ${attempts} ${reason}`);
        return park?.(attempts, reason);
      },
    });
  return { clock, lanes, log, offer };
}

test('pauses between tries grow by the factor, up to the most', async () => {
  const times: number[] = [];
  const clock = new SimulatedClock();
  const retry = { attempts: 5, firstMs: 100, factor: 4, mostMs: 1_000 };
  const handle = (): never => {
    times.push(clock.monotonic());
    assert.fail('no');
  };
  const lanes = new Lanes({ clock, retry, handle, seen: new SeenIds(1), observer: {} });
  lanes.offer({ event: event('a'), done: () => {}, park: () => {} });
  await clock.advance(100_000);
  assert.deepEqual(times, [0, 100, 500, 1_500, 2_500]);
});

test('a handler without an answer has refused after the time for it', async () => {
  const { clock, log, offer } = rig(() => new Promise(() => {}));
  offer(event('a', { id: '1' }));
  await clock.advance(RETRY.attempts * (BUS_LIMITS.HANDLE_MS + 1_000));
  assert.deepEqual(log, [`park 1 3 no answer within ${BUS_LIMITS.HANDLE_MS} ms`]);
});

test('an event that cannot be parked is tried again until it can, its aggregate waits', async () => {
  let away = 2;
  const { clock, log, offer } = rig(
    ({ id }) => (id === '1' ? assert.fail('no') : undefined),
    () => (away-- > 0 ? Promise.reject(new TypeError('away')) : undefined),
  );
  offer(event('a', { id: '1' }));
  offer(event('a', { id: '2' }));
  await clock.advance(10_000);
  assert.deepEqual(log, ['park 1 3 no', 'park 1 3 no', 'park 1 3 no', 'done 2']);
});

test('a long refusal is cut', async () => {
  const { clock, log, offer } = rig(() => assert.fail('x'.repeat(5_000)));
  offer(event('a', { id: '1' }));
  await clock.advance(10_000);
  assert.equal(log[0]?.length, 'park 1 3 '.length + BUS_LIMITS.REASON_CHARACTERS);
});

test('closing ends pauses, waits for the handler at work, and begins nothing more', async () => {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const { clock, lanes, log, offer } = rig(({ id }) => {
    begun.push(id);
    return id === 'slow' ? gate.promise : assert.fail('no');
  });
  offer(event('a', { id: 'slow', aggregateId: 'x' }));
  offer(event('a', { id: 'behind', aggregateId: 'x' }));
  offer(event('a', { id: 'refused', aggregateId: 'y' }));
  await quiet(2);
  let closed = false;
  const closing = lanes.close().then(() => (closed = true));
  offer(event('a', { id: 'late', aggregateId: 'z' }));
  await clock.advance(10_000);
  assert.equal(closed, false);
  gate.resolve();
  await closing;
  await clock.advance(10_000);
  assert.deepEqual([begun, log], [['slow', 'refused'], ['done slow']]);
});

test('what waits can be forgotten, what is being handled goes on', async () => {
  const gate = Promise.withResolvers<void>();
  const { lanes, log, offer } = rig(() => gate.promise);
  for (const id of ['1', '2', '3']) offer(event('a', { id }));
  lanes.forgetWaiting();
  offer(event('a', { id: '1' }));
  offer(event('a', { id: '2' }));
  gate.resolve();
  await quiet();
  assert.deepEqual(log, ['done 1', 'done 1', 'done 2']);
});

test('ids are remembered up to a limit, the oldest is forgotten, a repetition is new again', () => {
  const seen = new SeenIds(2);
  for (const id of ['a', 'b', 'a', 'c']) seen.add(id);
  assert.deepEqual([seen.has('a'), seen.has('b'), seen.has('c')], [true, false, true]);
});

/** What a broker may do between two events: deliver again from some point, or forget what is unsettled. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), refusals: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reconnect' as const, refusals: 0 }) },
);

test('whatever is refused and delivered again, each aggregate is handled in order and each event once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const refusals = new Map(steps.map(({ refusals: count }, index) => [String(index), count]));
      const handled: OutboxEvent[] = [];
      const done = new Set<string>();
      const clock = new SimulatedClock();
      const handle = async (offered: OutboxEvent): Promise<void> => {
        const left = refusals.get(offered.id) ?? 0;
        refusals.set(offered.id, left - 1);
        await quiet(1);
        if (left > 0) assert.fail('not yet');
        handled.push(offered);
      };
      const lanes = new Lanes({ clock, retry: RETRY, handle, seen: new SeenIds(1_000), observer: {} });
      const sent: OutboxEvent[] = [];
      let generation = 0;
      const deliver = (each: OutboxEvent): void => {
        const mine = generation;
        lanes.offer({ event: each, park: () => {}, done: () => void (mine === generation && done.add(each.id)) });
      };
      for (const [index, { kind }] of steps.entries()) {
        if (kind === 'deliver') {
          const made = event('a', { id: String(index), aggregateId: String(index % 3) });
          sent.push(made);
          deliver(made);
        } else {
          generation += 1;
          lanes.forgetWaiting();
          for (const each of sent) if (!done.has(each.id)) deliver(each);
        }
        if (index % 5 === 0) await clock.advance(15);
      }
      await clock.advance(60_000);
      for (const key of ['0', '1', '2']) {
        const of = (list: OutboxEvent[]): string[] =>
          list.filter(({ aggregateId }) => aggregateId === key).map(({ id }) => id);
        assert.deepEqual(of(handled), of(sent));
      }
    }),
    { numRuns: 60 },
  );
});
