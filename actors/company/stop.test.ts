import assert from 'node:assert/strict';
import test from 'node:test';
import { parseWorkflow } from '#workflow';
import { chain, makeStage, type Stage } from '../testing.ts';

/** Holds back the answers of one journal method from now on; `release` lets them go. */
function hold(stage: Stage, method: 'unfinished' | 'timers'): { release(): void; called: Promise<void> } {
  const { journal } = stage.store;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: called, resolve: noteCall } = Promise.withResolvers<void>();
  const original: (...args: never[]) => Promise<unknown> = journal[method].bind(journal);
  Object.defineProperty(journal, method, {
    value: async (...args: never[]) => {
      const answer = await original(...args);
      noteCall();
      await released;
      return answer;
    },
  });
  return { release, called };
}

for (const method of ['unfinished', 'timers'] as const) {
  test(`a stop while the sweep waits for "${method}" leaves no timer behind`, async () => {
    const stage = await makeStage();
    const workflow = parseWorkflow(chain('w', ['start', 'wait'], { 1: { ms: 70_000 } }), { id: 'w' });
    stage.workflows.set('w', chain('w', ['start', 'wait'], { 1: { ms: 70_000 } }));
    const request = {
      workflow,
      workflowVersion: 1,
      mode: 'webhook',
      trigger: 'start 0',
      items: [{ json: {} }],
    } as const;
    await stage.company.start({ ...request, items: [{ json: {} }], acceptEarly: false }).accepted;
    await stage.run(1);
    const held = hold(stage, method);
    stage.clock.advanceSync(stage.services.limits.sweepMs);
    await held.called;
    await stage.company.stop();
    await stage.system.shutdown();
    held.release();
    await stage.run(1);
    assert.equal(stage.clock.pending, 0);
  });
}
