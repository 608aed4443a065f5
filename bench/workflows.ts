/** The workflows of the benchmark, as n8n would export them: plain chains of nodes. */

interface Step {
  name: string;
  type: string;
  typeVersion: number;
  parameters: Record<string, unknown>;
}

type Respond = 'lastNode' | 'onReceived';

const step = (name: string, type: string, typeVersion: number, parameters: Record<string, unknown>): Step => ({
  name,
  type: `n8n-nodes-base.${type}`,
  typeVersion,
  parameters,
});

function webhook(path: string, responseMode: Respond, responseData?: string): Step {
  const answer = responseData === undefined ? {} : { responseData };
  return step('Webhook', 'webhook', 2, { httpMethod: 'POST', path, responseMode, ...answer, options: {} });
}

function set(name: string, fields: Record<string, string>): Step {
  const assignments = Object.entries(fields).map(([key, value]) => ({ id: key, name: key, value, type: 'string' }));
  return step(name, 'set', 3.4, { assignments: { assignments }, includeOtherFields: true, options: {} });
}

function chain(name: string, steps: readonly Step[]): object {
  const nodes = steps.map((node, index) => ({ ...node, id: `n${index}`, position: [index * 200, 0], webhookId: name }));
  const connections = Object.fromEntries(
    steps
      .slice(1)
      .map((next, index) => [steps[index]?.name, { main: [[{ node: next.name, type: 'main', index: 0 }]] }]),
  );
  return { name, nodes, connections, settings: { executionOrder: 'v1' } };
}

/** W1: webhook → Set → answer at the last node. W4 is the same, answered on receipt. */
export function oneSet(path: string, respond: Respond): object {
  return chain(path, [webhook(path, respond), set('Set', { hello: "={{ 'Hello ' + $json.body.name }}" })]);
}

/** W2: ten data nodes after the webhook. */
export function tenNodes(path: string): object {
  const sets = Array.from({ length: 10 }, (_, index) =>
    set(`Set ${index}`, { [`f${index}`]: '={{ $json.body.name }}' }),
  );
  return chain(path, [webhook(path, 'lastNode'), ...sets]);
}

/** W3: one Code node. */
export function oneCode(path: string): object {
  const jsCode = 'return $input.all().map((item) => ({ json: { upper: item.json.body.name.toUpperCase() } }));';
  return chain(path, [webhook(path, 'lastNode'), step('Code', 'code', 2, { jsCode })]);
}

/** W5: 10,000 items through a condition, five expressions each, and one list. */
export function manyItems(path: string, items: number): object {
  const jsCode = `return Array.from({ length: ${items} }, (_, i) => ({ json: { id: i, price: i % 97, name: 'item ' + i } }));`;
  const condition = {
    options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
    conditions: [
      { id: 'c', leftValue: '={{ $json.id }}', rightValue: 0, operator: { type: 'number', operation: 'gte' } },
    ],
    combinator: 'and',
  };
  const five = {
    a: '={{ $json.id + 1 }}',
    b: '={{ $json.name.toUpperCase() }}',
    c: '={{ $json.price * 1.19 }}',
    d: "={{ $json.id % 2 === 0 ? 'even' : 'odd' }}",
    e: '={{ $json.name }}-{{ $json.price }}',
  };
  return chain(path, [
    webhook(path, 'lastNode', 'noData'),
    step('Code', 'code', 2, { jsCode }),
    step('IF', 'if', 2.2, { conditions: condition, options: {} }),
    set('Set', five),
    step('Aggregate', 'aggregate', 1, { aggregate: 'aggregateAllItemData', destinationFieldName: 'data', options: {} }),
  ]);
}

/** W6: five HTTP calls, each an effect with an intent and a commit of its own. */
export function fiveCalls(path: string, stubPort: number): object {
  const url = `http://127.0.0.1:${stubPort}/`;
  const calls = Array.from({ length: 5 }, (_, index) =>
    step(`HTTP ${index}`, 'httpRequest', 4.2, { method: 'POST', url, options: {} }),
  );
  return chain(path, [webhook(path, 'lastNode'), ...calls]);
}

/** Answers at once, then waits so many times: an event every `seconds`. */
export function waiting(path: string, times: number, seconds: number): object {
  const waits = Array.from({ length: times }, (_, index) =>
    step(`Wait ${index}`, 'wait', 1.1, { amount: seconds, unit: 'seconds' }),
  );
  return chain(path, [webhook(path, 'onReceived'), ...waits]);
}
