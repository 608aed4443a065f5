import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HUB_LIMITS } from './limits.ts';
import { Subscription, type Delivery } from './subscription.ts';

const limits = { ...HUB_LIMITS, SUBSCRIBER_BUFFER_EVENTS: 5, SUBSCRIBER_BATCH_EVENTS: 2 };

const never = (): void => assert.fail('must not be called');

/** Lets every promise that can settle do so. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test('events come in batches of at most SUBSCRIBER_BATCH_EVENTS', async () => {
  const sizes: number[] = [];
  const due: (() => void)[] = [];
  const subscription = new Subscription<number>(
    (delivery) => void sizes.push(delivery.kind === 'events' ? delivery.events.length : -1),
    limits,
    (run) => void due.push(run),
    never,
  );
  for (const event of [1, 2, 3]) subscription.offer(event);
  due.forEach((run) => run());
  assert.deepEqual(sizes, [2, 1]);
});

test('a listener is not called again before its promise settles', async () => {
  let running = 0;
  let most = 0;
  let release: () => void = () => {};
  const subscription = new Subscription<number>(
    async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => (release = resolve));
      running -= 1;
    },
    limits,
    (run) => run(),
    never,
  );
  for (const event of [1, 2, 3, 4]) {
    subscription.offer(event);
    release();
    await turns();
  }
  assert.equal(most, 1);
});

test('a rejected listener is reported and the next batch is delivered', async () => {
  const failures: unknown[] = [];
  const seen: number[] = [];
  const subscription = new Subscription<number>(
    async (delivery) => {
      if (delivery.kind === 'events') seen.push(...delivery.events);
      throw new Error('no');
    },
    { ...limits, SUBSCRIBER_BATCH_EVENTS: 1 },
    (run) => run(),
    (error) => failures.push(error),
  );
  subscription.offer(1);
  subscription.offer(2);
  await turns();
  assert.deepEqual(seen, [1, 2]);
  assert.equal(failures.length, 2);
});

test('after close nothing is taken in', () => {
  const subscription = new Subscription<number>(never, limits, (run) => run(), never);
  subscription.close();
  subscription.offer(1);
  assert.equal(subscription.length, 0);
});

/**
 * Whatever the order of events, slow and quick readings: the buffer stays within its limit; events come in order and
 * once; every gap is announced by a resync that stands before the events after it; the last event is never lost.
 */
test('random readers never see a gap without a resync, nor a full heap', async () => {
  const action = fc.constantFrom('offer', 'offer', 'offer', 'drain', 'release');
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
      const got: Delivery<number>[] = [];
      const due: (() => void)[] = [];
      let release: () => void = () => {};
      const subscription = new Subscription<number>(
        (delivery) => {
          got.push(delivery);
          return new Promise<void>((resolve) => (release = resolve));
        },
        limits,
        (run) => void due.push(run),
        never,
      );
      let offered = 0;
      for (const next of actions) {
        if (next === 'offer') subscription.offer((offered += 1));
        else if (next === 'drain') due.splice(0).forEach((run) => run());
        else release();
        await turns();
        assert.ok(subscription.length <= limits.SUBSCRIBER_BUFFER_EVENTS);
      }
      for (let turn = 0; turn < 60; turn += 1) {
        due.splice(0).forEach((run) => run());
        release();
        await turns();
      }
      checkHistory(got, offered);
    }),
    { numRuns: 200 },
  );
});

function checkHistory(got: readonly Delivery<number>[], offered: number): void {
  let last = 0;
  let gapAllowed = false;
  for (const delivery of got) {
    if (delivery.kind === 'resync') gapAllowed = true;
    else {
      for (const event of delivery.events) {
        assert.ok(gapAllowed ? event > last : event === last + 1, `${event} after ${last}`);
        gapAllowed = false;
        last = event;
      }
    }
  }
  assert.equal(last, offered);
}
