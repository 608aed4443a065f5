import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '#runtime';
import { parseWorkflow } from '#workflow';
import { chain, makeStage } from '../testing.ts';

/** Rings one millisecond early, as timers of the process do: they count on another clock than the one that tells time. */
class EarlyClock extends SimulatedClock {
  override after(ms: number, callback: () => void): () => void {
    return super.after(ms >= 1_000 ? ms - 1 : ms, callback);
  }
}

// Short: held in memory by the execution. Long: a row in the database, the execution may have left memory.
for (const ms of [2_000, 50_000, 70_000, 600_000]) {
  test(`a wait of ${ms} ms ends although its bell rings too early`, async () => {
    const stage = await makeStage({ clock: new EarlyClock() });
    const json = chain('w', ['start', 'wait', 'data'], { 1: { ms } });
    const workflow = parseWorkflow(json, { id: 'w' });
    stage.workflows.set('w', json);
    const began = stage.clock.now();
    const handle = stage.company.start({
      workflow,
      workflowVersion: 1,
      mode: 'webhook',
      trigger: workflow.nodes[0]?.name ?? '',
      items: [{ json: {} }],
      acceptEarly: true,
    });
    await stage.run(ms + 10_000);
    const row = await stage.store.journal.execution(handle.executionId);
    assert.equal(row?.status, 'success');
    // Not early either, and not by the next sweep only.
    assert.ok(Number(row?.stoppedAt) >= began + ms && Number(row?.stoppedAt) < began + ms + 100, `${row?.stoppedAt}`);
  });
}
