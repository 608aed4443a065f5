import {
  CALL,
  chain,
  effect,
  journey,
  node,
  retried,
  set,
  type Published,
  type Workload,
} from '../recovery/workflows.ts';
import { publish } from '../recovery/evidence.ts';
import type { ClusterSite } from './site.ts';
import { WAIT_SECONDS } from './limits.ts';

/** A run that calls another workflow, which acts on the outside too, and waits for it. */
function parent(stub: string, childId: string): Workload {
  const steps = [
    set('First', { call: CALL, token: '={{ Math.random() }}' }),
    // Not as `call`: by that the auditor knows who was called from outside.
    set('Ask', { of: '={{ $json.call }}' }),
    node('Child', 'executeWorkflow', 1.2, {
      source: 'database',
      workflowId: { __rl: true, mode: 'id', value: childId },
      mode: 'once',
      options: { waitForSubWorkflow: true },
    }),
    effect('After', stub, { call: "={{ $('First').item.json.call }}", token: "={{ $('First').item.json.token }}" }),
  ];
  return { id: 'parent', json: chain('parent', steps), ends: 'success', effects: ['after'] };
}

function child(stub: string): Workload {
  const nodes = [
    node('Called', 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' }),
    effect('Inside', stub, { of: '={{ $json.of }}' }),
  ].map((one, index) => ({ ...one, id: one.name.toLowerCase(), position: [index * 200, 0] }));
  const connections = { Called: { main: [[{ node: 'Inside', type: 'main', index: 0 }]] } };
  const json = { name: 'child', nodes, connections, settings: { executionOrder: 'v1' } };
  return { id: 'child', json, ends: 'success', effects: ['inside'] };
}

/** Every workload stored and active: those to call, and the one that is called by them only. */
export async function publishAll(site: ClusterSite, stub: string): Promise<{ called: Published[]; inner: Published }> {
  const inside = child(stub);
  const { id: workflowId } = await site.ask<{ id: string }>('POST', '/api/v1/workflows', inside.json);
  // Many at once, after an outage: a target that seems to be in trouble would open its breaker and stop them all.
  const wanted = [journey(stub, WAIT_SECONDS), retried(stub, 'stumble-first'), parent(stub, workflowId)];
  const called = await publish(site, wanted);
  return { called, inner: { ...inside, workflowId } };
}
