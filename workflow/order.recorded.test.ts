import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { NodeDefinition } from './definition.ts';
import type { Item, JsonObject } from './items.ts';
import type { NodeFacts } from './node-facts.ts';
import { parseWorkflow } from './parse.ts';
import type { RunEvent } from './run-events.ts';
import type { RunNodeEffect, RunState } from './run-state.ts';
import { newRun } from './run-state.ts';
import type { Outcome } from './settle.ts';
import { settle } from './settle.ts';
import { outputs } from './test-kit.ts';
import { transition } from './transition.ts';

/** What n8n 2.41.1 did with workflows written for this project: how many items left each output of each run. */
interface Recorded {
  id: string;
  title: string;
  start: string;
  settings: JsonObject;
  nodes: JsonObject[];
  connections: JsonObject;
  outputs: Record<string, (number[] | null)[]>;
  status: 'success' | 'error';
  order: string[];
}

const recorded = readFileSync(new URL('./recorded/n8n-order.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

const OUTPUTS: Record<string, number> = { if: 2, switch: 4, splitInBatches: 2, compareDatasets: 4 };

function factsOf(node: NodeDefinition): NodeFacts {
  const name = node.type.split('.').at(-1) ?? '';
  const trigger = name === 'webhook' || name.endsWith('Trigger');
  const both = node.parameters['mode'] === 'chooseBranch';
  return {
    type: node.type,
    trigger,
    inputs: trigger ? 0 : name === 'merge' || name === 'compareDatasets' ? 2 : 1,
    outputs: OUTPUTS[name] ?? 1,
    requiredInputs: both ? 'all' : 'any',
    effect: 'none',
  };
}

function replayed(record: Recorded, effect: RunNodeEffect): Outcome {
  if (effect.given !== undefined) return outputs(...effect.given);
  const counts = record.outputs[effect.node]?.[effect.run];
  assert.notEqual(counts, undefined, `${effect.node} ran ${effect.run + 1} times`);
  if (counts === null || counts === undefined) return { failure: { message: 'as recorded' } };
  const items = (count: number): Item[] => Array.from({ length: count }, (_, n) => ({ json: { n } }));
  return outputs(...counts.map(items));
}

function replay(record: Recorded): { state: RunState; order: string[] } {
  const { nodes, connections, settings, start } = record;
  const workflow = parseWorkflow({ nodes, connections, settings });
  const order: string[] = [];
  const begin: RunEvent = { type: 'execution.started', at: 0, mode: 'webhook', trigger: start, items: [{ json: {} }] };
  let [state, effects] = transition(newRun({ executionId: '1', workflow, factsOf }), begin);
  for (let [effect] = effects; effect !== undefined; [effect] = effects) {
    if (effect.type === 'runNode') {
      const { node, run, attempt } = effect;
      order.push(node);
      [state] = transition(state, { type: 'node.started', at: 1, node, run, attempt });
      [state, effects] = transition(state, settle(state, effect, replayed(record, effect), 2));
    } else if (effect.type === 'finish') [state, effects] = transition(state, { type: 'execution.finished', at: 3 });
    else if (effect.type === 'fail')
      [state, effects] = transition(state, { ...effect, type: 'execution.failed', at: 3 });
    else assert.fail(effect.type);
  }
  return { state, order };
}

describe('nodes run as n8n ran them', () => {
  it('there are records', () => assert.ok(recorded.length > 20));

  for (const record of recorded) {
    it(`${record.id}: ${record.title}`, () => {
      const { state, order } = replay(record);
      assert.deepEqual(order, record.order);
      assert.equal(state.status, record.status);
      for (const [node, runs] of Object.entries(record.outputs)) {
        const counts = state.runData.get(node)?.map((run) => run.outputs?.map((items) => items?.length ?? 0) ?? null);
        assert.deepEqual(counts, runs, node);
      }
    });
  }
});
