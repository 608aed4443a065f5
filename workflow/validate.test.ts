import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroupeError } from './errors.ts';
import { factsOf, flow } from './test-kit.ts';
import { findTrigger } from './trigger.ts';
import { validateWorkflow } from './validate.ts';

type Nodes = Parameters<typeof flow>[0]['nodes'];

const check = (nodes: Nodes, edges: string[] = [], versions?: readonly number[]) =>
  validateWorkflow(flow({ nodes, edges }), factsOf, versions === undefined ? undefined : () => versions);

describe('validation against the catalogue', () => {
  it('says nothing about a sound workflow', () => {
    assert.deepEqual(check({ Start: {}, A: {}, M: { is: 'merge' } }, ['Start>A', 'A>M.0', 'Start>M.1']), []);
  });

  it('an unknown type is an error that names node, type and version', () => {
    const [issue] = check({ Start: {}, A: { is: 'nobodyKnows', typeVersion: 2.1 } });
    assert.deepEqual([issue?.level, issue?.node, issue?.field], ['error', 'A', 'nodes[1].type']);
    assert.match(issue?.message ?? '', /"A".*test\.nobodyKnows.*2\.1/);
  });

  it('an unknown version names the versions that exist', () => {
    const [issue] = check({ Start: {}, A: { is: 'nobodyKnows', typeVersion: 9 } }, [], [1, 2, 3.4]);
    assert.match(issue?.message ?? '', /versions that exist: 1, 2, 3\.4/);
    assert.equal(issue?.field, 'nodes[1].typeVersion');
  });

  it('an unknown type of a disabled node is a warning', () => {
    assert.deepEqual(
      check({ Start: {}, A: { is: 'x', disabled: true } }).map(({ level }) => level),
      ['warning'],
    );
  });

  it('sticky notes are left out', () => {
    assert.deepEqual(check({ Start: {}, Note: { type: 'n8n-nodes-base.stickyNote' } }), []);
  });

  const warnings: [string, Nodes, string[], RegExp][] = [
    ['an input that does not exist', { Start: {}, A: {} }, ['Start>A.1'], /input 1 of "A", which has 1/],
    ['an input of a trigger', { Start: {}, T: { is: 'trigger' } }, ['Start>T'], /input 0 of "T", which has 0/],
    ['an output that does not exist', { Start: {}, A: {} }, ['Start.1>A'], /Output 1 of "Start".*has 1/],
    ['a missing trigger', { A: {} }, [], /no enabled trigger/],
    ['a disabled trigger alone', { Start: { disabled: true } }, [], /no enabled trigger/],
  ];
  for (const [rule, nodes, edges, message] of warnings) {
    it(`${rule} is a warning`, () => {
      const [issue] = check(nodes, edges);
      assert.equal(issue?.level, 'warning');
      assert.match(issue?.message ?? '', message);
    });
  }

  it('the error output of a node exists', () => {
    const nodes = { Start: {}, A: { onError: 'continueErrorOutput' }, B: {} };
    assert.deepEqual(check(nodes, ['Start>A', 'A.1>B']), []);
    assert.equal(check(nodes, ['Start>A', 'A.2>B']).length, 1);
  });

  it('an output that is there without connections is no fault', () => {
    assert.deepEqual(check({ Start: {}, A: {} }, ['Start.0>A']), []);
  });
});

describe('the node a run begins at', () => {
  const manual = { type: 'n8n-nodes-base.manualTrigger' };
  const facts: typeof factsOf = (node) =>
    node.type.endsWith('Trigger') || node.type.endsWith('.webhook')
      ? { type: node.type, trigger: true, inputs: 0, outputs: 1, requiredInputs: 'any', effect: 'none' }
      : factsOf(node);
  const begin = (nodes: Nodes, mode: Parameters<typeof findTrigger>[2] = 'manual', preferred?: string) =>
    findTrigger(flow({ nodes, edges: [] }), facts, mode, preferred).name;
  const refused = (code: string) => (error: unknown) => error instanceof TroupeError && error.code === code;

  const hook = { type: 'n8n-nodes-base.webhook', at: [0, -50] as [number, number] };

  it('is the one that was named, trigger or not', () => {
    assert.equal(begin({ M: manual, A: {} }, 'manual', 'A'), 'A');
  });

  it('for manual and CLI runs is the Manual Trigger', () => {
    for (const mode of ['manual', 'cli', 'retry'] as const) assert.equal(begin({ Hook: hook, M: manual }, mode), 'M');
  });

  it('for sub-workflows is the Execute Workflow Trigger, for failures the Error Trigger', () => {
    const nodes = {
      Hook: hook,
      Sub: { type: 'n8n-nodes-base.executeWorkflowTrigger' },
      Err: { type: 'n8n-nodes-base.errorTrigger' },
    };
    assert.equal(begin(nodes, 'integrated'), 'Sub');
    assert.equal(begin(nodes, 'error'), 'Err');
  });

  it('else is the topmost, then leftmost enabled trigger', () => {
    const at = (x: number, y: number) => ({ type: 'n8n-nodes-base.webhook', at: [x, y] as [number, number] });
    assert.equal(begin({ A: at(0, 9), B: at(5, 1), C: at(2, 1) }), 'C');
    assert.equal(begin({ A: at(0, 9), B: { ...at(0, 0), disabled: true } }), 'A');
    assert.equal(begin({ A: at(3, 3), B: at(3, 3) }), 'A');
  });

  it('in old workflows is the Start node', () => {
    assert.equal(begin({ A: {}, S: { type: 'n8n-nodes-base.start' } }), 'S');
    assert.equal(begin({ S: { type: 'n8n-nodes-base.start' }, Hook: hook }, 'webhook'), 'Hook');
  });

  it('cannot be missing, unknown or disabled', () => {
    assert.throws(() => begin({ A: {} }), refused('TRIGGER_MISSING'));
    assert.throws(() => begin({ A: {} }, 'manual', 'Z'), refused('TRIGGER_UNKNOWN'));
    assert.throws(() => begin({ A: { disabled: true } }, 'manual', 'A'), refused('TRIGGER_DISABLED'));
  });
});
