import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow } from '#workflow';
import type { NodeContext } from '#runtime';
import { chain, makeStage } from '../testing.ts';

/** What the third node of a run sees of the world; it is run with `look`. */
async function seen<T>(look: (context: NodeContext) => T, services: { publicUrl?: () => string } = {}): Promise<T> {
  const found: T[] = [];
  const stage = await makeStage({
    alter: (plain) => ({ ...plain, ...services }),
    behaviours: {
      look: (context) => {
        found.push(look(context));
        return { kind: 'outputs', outputs: [[]] };
      },
    },
  });
  const json = chain('w', ['start', 'data', 'look']);
  stage.company.start({
    workflow: parseWorkflow(json, { id: 'w' }),
    workflowVersion: 1,
    mode: 'webhook',
    trigger: 'start 0',
    items: [{ json: { n: 1 } }],
    acceptEarly: false,
  });
  await stage.run();
  assert.equal(found.length, 1);
  return found[0] as T; // one was pushed
}

test('a node is told which node, output and run fed it', async () => {
  const sources = await seen((context) => context.sources);
  assert.deepEqual(sources, [{ previousNode: 'data 1', previousNodeOutput: 0, previousNodeRun: 0 }]);
});

test('a node reads the finished runs of its execution', async () => {
  const runs = await seen((context) => [...(context.runs?.keys() ?? [])]);
  assert.deepEqual(runs, ['start 0', 'data 1']);
});

test('names of the moment are known to the one evaluation they are given to', async () => {
  const values = await seen((context) => [
    context.evaluate('={{ $pageCount + $json.n }}', 0, { $pageCount: 4 }),
    context.evaluate('={{ typeof $pageCount }}', 0),
  ]);
  assert.deepEqual(values, [5, 'undefined']);
});

test('a waiting run is resumed at the address under which this member is reached', async () => {
  const url = await seen((context) => context.evaluate('={{ $execution.resumeUrl }} {{ $execution.id }}', 0), {
    publicUrl: () => 'https://flows.example',
  });
  const [address, id] = String(url).split(' ');
  assert.equal(address, `https://flows.example/webhook-waiting/${id}`);
});

test('an effect that a crash repeats resolves $now and Math.random to the same input under the same key', async () => {
  const inputs: string[] = [];
  const effect = (context: NodeContext): Promise<never> => {
    inputs.push(`${context.idempotencyKey(0)} ${context.evaluate('={{ $now.toMillis() }} {{ Math.random() }}', 0)}`);
    return new Promise(() => {});
  };
  const first = await makeStage({ behaviours: { effect } });
  const json = chain('w', ['start', 'effect']);
  first.workflows.set('w', json);
  const workflow = parseWorkflow(json, { id: 'w' });
  const items = [{ json: {} }];
  first.company.start({ workflow, workflowVersion: 1, mode: 'webhook', trigger: 'start 0', items, acceptEarly: true });
  await first.run(1_000);
  first.kill();
  const { store, clock, workflows } = first;
  await (await makeStage({ store, clock, workflows, seed: 9, behaviours: { effect } })).run(1_000);
  assert.equal(inputs.length, 2);
  assert.equal(inputs[0], inputs[1]);
});
