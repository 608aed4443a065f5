import { deepEqual, equal, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { quiet, SimulatedClock } from '#runtime';
import { startPhases } from './phases.ts';
import type { Phase, PhaseReport } from './phases.ts';

function phase(log: string[], name: string, more: Partial<Phase> = {}): Phase {
  return {
    name,
    start: () => void log.push(`start ${name}`),
    stop: () => void log.push(`stop ${name}`),
    stopDeadlineMs: 100,
    ...more,
  };
}

describe('phases', () => {
  test('start in order, each after the one before is up, and stop in reverse', async () => {
    const log: string[] = [];
    const slow = async (what: string): Promise<void> => {
      await quiet(2);
      log.push(what);
    };
    const b = phase(log, 'b', { start: () => slow('start b'), stop: () => slow('stop b') });
    const running = await startPhases([phase(log, 'a'), b, phase(log, 'c')], { clock: new SimulatedClock() });
    await running.stop();
    deepEqual(log, ['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  test('when one cannot start, those before it are stopped in reverse and the error is passed on', async () => {
    const log: string[] = [];
    const broken = phase(log, 'c', { start: () => Promise.reject(new Error('no port')) });
    const phases = [phase(log, 'a'), phase(log, 'b'), broken, phase(log, 'd')];
    await rejects(startPhases(phases, { clock: new SimulatedClock() }), { message: 'no port' });
    deepEqual(log, ['start a', 'start b', 'stop b', 'stop a']);
  });

  test('one that overruns its deadline is reported and given up on; the others still stop', async () => {
    const clock = new SimulatedClock();
    const log: string[] = [];
    const heard: PhaseReport[] = [];
    const hanging = phase(log, 'b', { stop: () => new Promise(() => undefined), stopDeadlineMs: 300 });
    const phases = [phase(log, 'a'), hanging, phase(log, 'c')];
    const running = await startPhases(phases, { clock, onStopped: (report) => heard.push(report) });
    const stopping = running.stop();
    await clock.advance(299);
    deepEqual(log.slice(3), ['stop c']);
    await clock.advance(1);
    const reports = await stopping;
    deepEqual(reports, [
      { name: 'c', ms: 0, result: 'stopped' },
      { name: 'b', ms: 300, result: 'overran' },
      { name: 'a', ms: 0, result: 'stopped' },
    ]);
    deepEqual(heard, reports);
    equal(clock.pending, 0);
  });

  test('one that fails to stop, thrown or rejected, is reported with its error; the others still stop', async () => {
    const error = new Error('stuck');
    const log: string[] = [];
    const thrown = phase(log, 'a', {
      stop: () => {
        throw error;
      },
    });
    const rejected = phase(log, 'b', { stop: () => Promise.reject(error) });
    const running = await startPhases([thrown, rejected], { clock: new SimulatedClock() });
    deepEqual(await running.stop(), [
      { name: 'b', ms: 0, result: 'failed', error },
      { name: 'a', ms: 0, result: 'failed', error },
    ]);
  });

  test('stopping twice stops once', async () => {
    const log: string[] = [];
    const running = await startPhases([phase(log, 'a')], { clock: new SimulatedClock() });
    equal(running.stop(), running.stop());
    await running.stop();
    deepEqual(log, ['start a', 'stop a']);
  });

  test('a deadline out of range is refused before anything starts', async () => {
    const log: string[] = [];
    const phases = [phase(log, 'a'), phase(log, 'b', { stopDeadlineMs: 0 })];
    await rejects(startPhases(phases, { clock: new SimulatedClock() }), { code: 'SUPERVISION_INVALID' });
    deepEqual(log, []);
  });
});
