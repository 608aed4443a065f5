import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '#runtime';
import { createLoadGauge } from './gauge.ts';
import { LOAD_SAMPLE_MS } from './limits.ts';

const committer = { depth: 3, queuedBytes: 4, oldestMs: 5 };

/** A clock whose timers come late, as those of a busy event loop do. */
class LateClock extends SimulatedClock {
  lateMs = 0;
  override after(ms: number, callback: () => void): () => void {
    return super.after(ms + this.lateMs, callback);
  }
}

test('the committer is asked at each reading, the heap at each sample', () => {
  const clock = new SimulatedClock();
  let usedBytes = 10;
  const gauge = createLoadGauge({ clock, committer, heap: () => ({ usedBytes, limitBytes: 100 }) });
  const idle = { commitSteps: 3, commitBytes: 4, commitAgeMs: 5, loopLagMs: 0, heapBytes: 10, heapLimitBytes: 100 };
  assert.deepEqual(gauge.read(), idle);
  usedBytes = 20;
  assert.equal(gauge.read().heapBytes, 10);
  clock.advanceSync(LOAD_SAMPLE_MS);
  assert.equal(gauge.read().heapBytes, 20);
});

test('one long pause of the event loop counts for little, and is forgotten; many count in full', () => {
  const clock = new LateClock();
  const gauge = createLoadGauge({ clock, committer, heap: () => ({ usedBytes: 1, limitBytes: 2 }) });
  clock.lateMs = 1_000;
  clock.advanceSync(LOAD_SAMPLE_MS);
  clock.lateMs = 0;
  clock.advanceSync(LOAD_SAMPLE_MS + 1_000);
  assert.equal(Math.round(gauge.read().loopLagMs), 300);
  clock.advanceSync(20 * LOAD_SAMPLE_MS);
  assert.ok(gauge.read().loopLagMs < 1);
  clock.lateMs = 1_000;
  clock.advanceSync(30_000);
  assert.ok(gauge.read().loopLagMs > 990);
});

test('a stopped gauge leaves no timer, and one without a heap of its own reads that of the process', () => {
  const clock = new SimulatedClock();
  const gauge = createLoadGauge({ clock, committer });
  const { heapBytes, heapLimitBytes } = gauge.read();
  assert.ok(heapBytes > 1_000_000 && heapLimitBytes > heapBytes);
  gauge.stop();
  assert.equal(clock.pending, 0);
});
