import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { convertAssignment } from '../parameters/assignment.ts';
import { parametersWithDefaults } from '../parameters/defaults.ts';
import type { ParameterSchema } from '../parameters/schema.ts';
import { evaluateText, makeScene } from './evaluate.ts';
import { OBSERVED, OBSERVED_FAILURES, OBSERVED_ITEMS } from './test-observed.ts';
import type { Scene } from './scene.ts';
import { linked, NOON, testNode, testRun, testWorkflow } from './test-support.ts';

// n8n was observed in a process in UTC.
process.env['TZ'] = 'UTC';

const schema = (name: string, value: string): ParameterSchema => ({
  name,
  displayName: name,
  type: 'string',
  default: value,
});
const SCHEMAS: Record<string, ParameterSchema[]> = {
  Data: [schema('language', 'javaScript')],
  E: [schema('mode', 'manual')],
};

/** Start > Data > Mid > E, as in the observed workflows; Later and Unlinked did not run. */
function observedScene(): Scene {
  const assignment = { name: 'mid', value: '={{ $json.name.toLowerCase() }}', type: 'string' };
  const nodes = ['Start', 'Data', 'Mid', 'E', 'Later', 'Unlinked'].map((name) =>
    testNode(
      name,
      name === 'Mid' ? { assignments: { assignments: [assignment] } } : name === 'E' ? { options: {} } : {},
      {
        id: '01234567-89ab-cdef-0123-456789abcdef',
      },
    ),
  );
  const workflow = testWorkflow(nodes, ['Start>Data', 'Data>Mid', 'Mid>E', 'E>Later']);
  const data = OBSERVED_ITEMS.map((json) => linked(json, 0));
  const mid = OBSERVED_ITEMS.map((json, i) => linked({ ...json, mid: String(json['name']).toLowerCase() }, i));
  const runData = new Map([
    ['Start', [testRun([[linked({}, 0)]])]],
    ['Data', [testRun([data], [{ previousNode: 'Start' }])]],
    ['Mid', [testRun([mid], [{ previousNode: 'Data' }])]],
  ]);
  const node = workflow.node.get('E') ?? testNode('E');
  return makeScene({
    workflow: { ...workflow, name: 'expr' },
    node,
    run: 0,
    runData,
    inputs: [mid.map((item, i) => ({ ...item, pairedItem: { item: i } }))],
    sources: [{ previousNode: 'Mid' }],
    mode: 'manual',
    now: NOON,
    executionId: '12',
    resumeUrl: 'http://localhost/webhook-waiting/12',
    parametersOf: (one) => parametersWithDefaults(one, SCHEMAS[one.name] ?? []),
  });
}

describe('expressions give what n8n was observed to give', () => {
  for (const [subject, rows] of Object.entries(OBSERVED)) {
    it(`${subject}: ${rows.length} expressions`, () => {
      const scene = observedScene();
      for (const { expression, type, values } of rows) {
        OBSERVED_ITEMS.forEach((_, i) => {
          const value = evaluateText(expression, scene, i);
          const field = convertAssignment(type, value, { name: 'v', itemIndex: i });
          assert.deepEqual(field, values.length === 1 ? values[0] : values[i], `${expression} for item ${i}`);
        });
      }
    });
  }
});

describe("what stops a run stops it with n8n's message", () => {
  for (const [expression, message] of OBSERVED_FAILURES) {
    it(expression, () => {
      assert.throws(() => evaluateText(expression, observedScene(), 0), { name: 'TroupeError', message });
    });
  }
});
