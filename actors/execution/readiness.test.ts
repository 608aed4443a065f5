import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow } from '#workflow';
import type { NodeCatalog, NodeType } from '#runtime';
import { chain, makeStage } from '../testing.ts';

/** The catalogue with one more parameter for the type `data`, which must not be empty. */
function demanding(catalog: NodeCatalog): NodeCatalog {
  const strict = (type: NodeType): NodeType => ({
    ...type,
    properties: [{ name: 'url', displayName: 'URL', type: 'string', default: '', required: true }],
  });
  const find: NodeCatalog['find'] = (name, version) => {
    const type = catalog.find(name, version);
    return type?.displayName === 'data' ? strict(type) : type;
  };
  return { ...catalog, find };
}

async function runOf(url: string) {
  const stage = await makeStage({ alter: (plain) => ({ ...plain, catalog: demanding(plain.catalog) }) });
  const child = chain('child', ['start', 'data'], { 1: { url } });
  stage.workflows.set('child', child);
  const start = (json: typeof child) =>
    stage.company.start({
      workflow: parseWorkflow(json, { id: String(json['id']) }),
      workflowVersion: 1,
      mode: 'webhook',
      trigger: 'start 0',
      items: [{ json: { n: 1 } }],
      acceptEarly: false,
    });
  const direct = start(child);
  const caller = start(chain('parent', ['start', 'call'], { 1: { ids: ['child'] } }));
  await stage.run();
  const typesOf = (executionId: string | undefined): string[] =>
    stage.live.filter((news) => news.executionId === executionId).map(({ event }) => event.event.type);
  const known = [direct.executionId, caller.executionId];
  const called = stage.live.find(({ executionId }) => !known.includes(executionId))?.executionId;
  await caller.ended;
  return { direct: await direct.ended, events: typesOf(direct.executionId), eventsOfChild: typesOf(called) };
}

test('a run that lacks a required parameter fails before any node begins', async () => {
  const { direct, events } = await runOf('');
  assert.equal(direct.status, 'error');
  assert.equal(direct.error?.message, `The 'data 1' node has issues:\n- Parameter "URL" is required.`);
  assert.equal(direct.runData.size, 0);
  assert.deepEqual(events, ['execution.started', 'execution.failed']);
});

test('so does a sub-workflow', async () => {
  const { eventsOfChild } = await runOf('');
  assert.deepEqual(eventsOfChild, ['execution.started', 'execution.failed']);
});

test('with the parameter both run', async () => {
  const { direct, eventsOfChild } = await runOf('https://a.example');
  assert.equal(direct.status, 'success');
  assert.equal(eventsOfChild.at(-1), 'execution.finished');
});
