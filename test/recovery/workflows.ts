/** The workflows of the recovery test, as n8n would export them. */

interface Node {
  name: string;
  type: string;
  typeVersion: number;
  parameters: Record<string, unknown>;
  [setting: string]: unknown;
}

/** A workflow of the test and what it promises. */
export interface Workload {
  /** Name of the workflow; path of its webhook. */
  readonly id: string;
  readonly json: object;
  /** How every run of it ends. */
  readonly ends: 'success' | 'error' | 'canceled';
  /** Effects of one run, by the ids of their nodes. */
  readonly effects: readonly string[];
}

/** A workload whose workflow is stored and active. */
export type Published = Workload & { readonly workflowId: string };

export const node = (name: string, type: string, typeVersion: number, parameters: object, more: object = {}): Node => ({
  name,
  type: `n8n-nodes-base.${type}`,
  typeVersion,
  parameters: { ...parameters },
  ...more,
});

export const set = (name: string, fields: Record<string, string>): Node => {
  const assignments = Object.entries(fields).map(([key, value]) => ({ id: key, name: key, value, type: 'string' }));
  return node(name, 'set', 3.4, { assignments: { assignments }, includeOtherFields: false, options: {} });
};

/** Posts fields to the stub, which answers something else each time: only a committed answer may be built on. */
export const effect = (name: string, url: string, fields: Record<string, string>, more: object = {}): Node => {
  const parameters = Object.entries(fields).map(([key, value]) => ({ name: key, value }));
  const body = { sendBody: true, contentType: 'json', specifyBody: 'keypair', bodyParameters: { parameters } };
  return node(name, 'httpRequest', 4.2, { method: 'POST', url, ...body, options: {} }, more);
};

/** A chain that can be started by its webhook (answered on receipt) and by the API. */
export function chain(id: string, steps: readonly Node[]): object {
  const webhook = { httpMethod: 'POST', path: id, responseMode: 'onReceived', options: {} };
  const all = [
    node('Webhook', 'webhook', 2, webhook, { webhookId: id }),
    node('Start', 'manualTrigger', 1, {}),
    ...steps,
  ];
  const nodes = all.map((one, index) => ({ ...one, id: idOf(one.name), position: [index * 200, 0] }));
  const to = (target: Node | undefined): object => ({ main: [[{ node: target?.name, type: 'main', index: 0 }]] });
  const pairs = steps.slice(1).map((next, index) => [steps[index]?.name, to(next)]);
  const connections = Object.fromEntries([['Webhook', to(steps[0])], ['Start', to(steps[0])], ...pairs]);
  return { name: id, nodes, connections, settings: { executionOrder: 'v1' } };
}

const idOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-');

/** Who called: the webhook has the call in its body, the API as the item itself. */
export const CALL = '={{ $json.body ? $json.body.call : $json.call }}';

/**
 * Data nodes, three effects with data nodes between them, a wait, a data node. What the data nodes add is never twice
 * the same, so an effect that is repeated with a recomputed input is noticed.
 */
export function journey(stub: string, waitSeconds: number): Workload {
  const steps = [
    set('First', { call: CALL, token: '={{ Math.random() }}' }),
    set('Second', { call: '={{ $json.call }}', token: '={{ $json.token }}-{{ $now.toMillis() }}' }),
    effect('Reserve', stub, { call: '={{ $json.call }}', token: '={{ $json.token }}' }),
    set('Reserved', { call: "={{ $('Second').item.json.call }}", token: '={{ $json.nonce }}-{{ Math.random() }}' }),
    effect('Charge', stub, { call: '={{ $json.call }}', token: '={{ $json.token }}' }),
    set('Charged', { call: "={{ $('Second').item.json.call }}", token: '={{ $json.nonce }}-{{ Math.random() }}' }),
    effect('Ship', stub, { call: '={{ $json.call }}', token: '={{ $json.token }}' }),
    node('Wait', 'wait', 1.1, { resume: 'timeInterval', amount: waitSeconds, unit: 'seconds' }),
    set('Last', { call: "={{ $('Second').item.json.call }}" }),
  ];
  return { id: 'journey', json: chain('journey', steps), ends: 'success', effects: ['reserve', 'charge', 'ship'] };
}

/** An effect that the stub refuses at first: two attempts under one key. */
export function retried(stub: string, path = 'refuse-first'): Workload {
  const retry = { retryOnFail: true, maxTries: 5, waitBetweenTries: 50 };
  const steps = [
    set('First', { call: CALL, token: '={{ Math.random() }}' }),
    effect('Try', `${stub}${path}`, { call: '={{ $json.call }}', token: '={{ $json.token }}' }, retry),
    set('Last', { nonce: '={{ $json.nonce }}' }),
  ];
  return { id: 'retried', json: chain('retried', steps), ends: 'success', effects: ['try'] };
}

/** A run that fails by its own design after an effect. */
export function failing(stub: string): Workload {
  const steps = [
    set('First', { call: CALL, token: '={{ Math.random() }}' }),
    effect('Before', stub, { call: '={{ $json.call }}', token: '={{ $json.token }}' }),
    node('Stop', 'stopAndError', 1, { errorMessage: 'enough' }),
  ];
  return { id: 'failing', json: chain('failing', steps), ends: 'error', effects: ['before'] };
}

/** A run that waits until it is canceled. */
export function canceled(): Workload {
  const steps = [
    set('First', { call: CALL }),
    node('Wait', 'wait', 1.1, { resume: 'timeInterval', amount: 2, unit: 'hours' }),
    set('Never', { call: '={{ $json.call }}' }),
  ];
  return { id: 'canceled', json: chain('canceled', steps), ends: 'canceled', effects: [] };
}
