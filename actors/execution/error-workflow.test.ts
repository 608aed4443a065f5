import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow, workflowErrors, type JsonObject } from '#workflow';
import type { Services } from '../services.ts';
import { chain, makeStage, type Stage } from '../testing.ts';

/** A stage on which a run fails, and its error workflow `handler` is read as `load` says. */
async function failing(
  load: (read: () => ReturnType<Services['workflows']['load']>) => ReturnType<Services['workflows']['load']>,
) {
  const stage = await makeStage({
    behaviours: {
      bad: () => {
        throw new Error('broken');
      },
    },
    alter: (services) => ({
      ...services,
      workflows: {
        load: (id, version) =>
          id === 'handler' ? load(() => services.workflows.load(id, version)) : services.workflows.load(id, version),
        saveInline: (json) => services.workflows.saveInline(json),
        staticData: (id) => services.workflows.staticData(id),
      },
    }),
  });
  const handler = chain('handler', ['start', 'data']);
  const [first, ...rest] = handler['nodes'] as JsonObject[];
  handler['nodes'] = [{ ...first, type: 'n8n-nodes-base.errorTrigger' }, ...rest];
  stage.workflows.set('handler', handler);
  const json = { ...chain('w', ['start', 'bad']), settings: { executionOrder: 'v1', errorWorkflow: 'handler' } };
  stage.workflows.set('w', json);
  const handle = stage.company.start({
    workflow: parseWorkflow(json, { id: 'w' }),
    workflowVersion: 1,
    mode: 'webhook',
    trigger: 'start 0',
    items: [{ json: {} }],
    acceptEarly: true,
  });
  return { stage, handle };
}

/** Runs of the error workflow that were begun, with what they were told. */
function told(stage: Stage): unknown[] {
  return stage.live.flatMap(({ event: { event } }) =>
    event.type === 'execution.started' && event.mode === 'error' ? [event.items[0]?.json['execution']] : [],
  );
}

test('an error workflow that can be read begins in the commit of the end', async () => {
  const { stage, handle } = await failing((read) => read());
  await stage.run(500);
  assert.equal((await handle.ended).status, 'error');
  assert.equal(told(stage).length, 1);
});

test('while the error workflow cannot be read the end waits for it; then both are committed, once', async () => {
  let tries = 0;
  const { stage, handle } = await failing((read) => {
    tries += 1;
    return tries <= 3 ? Promise.reject(new Error('the database is away')) : read();
  });
  await stage.run(2_500);
  assert.equal(tries, 3);
  assert.deepEqual(told(stage), []);
  assert.equal((await stage.store.journal.execution(handle.executionId))?.status, 'running');
  await stage.run(1_000);
  assert.equal((await handle.ended).status, 'error');
  assert.equal(told(stage).length, 1);
  await stage.run(10_000);
  assert.equal(tries, 4);
  assert.equal(told(stage).length, 1);
});

test('an error workflow that will never be readable is reported, and the run ends without it', async () => {
  const fault = workflowErrors.WORKFLOW_INVALID({ issues: [] });
  const { stage, handle } = await failing(() => Promise.reject(fault));
  await stage.run(500);
  assert.equal((await handle.ended).status, 'error');
  assert.deepEqual(told(stage), []);
  assert.deepEqual(
    stage.inspections.filter(({ type }) => type === 'errorWorkflow.lost'),
    [
      {
        type: 'errorWorkflow.lost',
        executionId: handle.executionId,
        workflowId: 'w',
        cause: `TroupeError: ${fault.message}`,
      },
    ],
  );
});

test('a member that dies while it looks leaves the failure to the next one, which tells it once', async () => {
  const { stage, handle } = await failing(() => Promise.reject(new Error('the database is away')));
  await stage.run(500);
  stage.kill();
  const { store, clock, workflows } = stage;
  clock.advanceSync(6_000);
  const next = await makeStage({
    store,
    clock,
    workflows,
    bootId: 'next',
    seed: 2,
    behaviours: {
      bad: () => {
        throw new Error('broken');
      },
    },
  });
  await next.run(5_000);
  assert.equal((await store.journal.execution(handle.executionId))?.status, 'error');
  assert.equal(told(next).length, 1);
});
