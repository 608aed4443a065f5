import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCatalog } from '#nodes';
import { parseWorkflow, type JsonObject } from '#workflow';
import { API_LIMITS } from '../limits.ts';
import { webhookWorkflow } from '../testing.ts';
import { addressOfPath, WebhookRegistry } from './registry.ts';

const catalog = createCatalog();
const registryOf = (limits = {}) => new WebhookRegistry(catalog, { ...API_LIMITS, ...limits });
const hook = (id: string, parameters: JsonObject) => parseWorkflow(webhookWorkflow(parameters), { id });

test('a fixed path is found by its method, with or without a slash around it', () => {
  const registry = registryOf();
  registry.activate(hook('w', { path: '/a/b/', httpMethod: 'POST' }), 1);
  for (const path of ['a/b', 'a/b/', '/a/b', 'a//b', 'a/%62']) {
    assert.equal(registry.find('POST', path)?.target.workflow.id, 'w', path);
  }
  assert.equal(registry.find('GET', 'a/b'), undefined);
  assert.equal(registry.find('POST', 'a'), undefined);
  assert.equal(registry.find('POST', 'a/b/c'), undefined);
});

test('a path with names is found under its webhook id and gives its params decoded', () => {
  const registry = registryOf();
  registry.activate(hook('w', { path: 'users/:id/posts/:post' }), 1);
  const match = registry.find('GET', 'hook-id/users/4%2F2/posts/é');
  assert.deepEqual(match?.params, { id: '4/2', post: 'é' });
  assert.equal(registry.find('GET', 'users/1/posts/2'), undefined);
  assert.equal(registry.find('GET', 'hook-id/users/1/posts'), undefined);
});

test('a fixed path wins over a pattern, and more fixed segments over fewer', () => {
  const registry = registryOf();
  registry.activate(hook('any', { path: ':x/:y' }), 1);
  registry.activate(hook('some', { path: 'a/:y' }), 1);
  registry.activate(hook('fixed', { path: 'hook-id/a/b' }), 1);
  assert.equal(registry.find('GET', 'hook-id/a/b')?.target.workflow.id, 'fixed');
  assert.equal(registry.find('GET', 'hook-id/a/c')?.target.workflow.id, 'some');
  assert.equal(registry.find('GET', 'hook-id/c/c')?.target.workflow.id, 'any');
});

test('params are own data whatever their names', () => {
  const registry = registryOf();
  registry.activate(hook('w', { path: ':__proto__/:constructor' }), 1);
  const params = registry.find('GET', 'hook-id/a/b')?.params ?? {};
  assert.equal(Object.getPrototypeOf(params), Object.prototype);
  assert.equal(Object.getOwnPropertyDescriptor(params, '__proto__')?.value, 'a');
  assert.equal(Object.getOwnPropertyDescriptor(params, 'constructor')?.value, 'b');
});

test('one node may listen to several methods', () => {
  const registry = registryOf();
  registry.activate(hook('w', { path: 'a', multipleMethods: true, httpMethod: ['GET', 'PUT'] }), 1);
  assert.deepEqual([...registry.methodsOf('a')].toSorted(), ['GET', 'PUT']);
  assert.equal(registry.size, 2);
});

test('an address belongs to one active workflow; refusing leaves the table as it was', () => {
  const registry = registryOf();
  registry.activate(hook('first', { path: 'a' }), 1);
  assert.throws(() => registry.activate(hook('second', { path: 'a' }), 1), { code: 'WEBHOOK_TAKEN', status: 409 });
  assert.equal(registry.find('GET', 'a')?.target.workflow.id, 'first');
  assert.equal(registry.size, 1);
});

test('patterns that differ only in the names of their parameters are one address', () => {
  const registry = registryOf();
  registry.activate(hook('first', { path: 'users/:id' }), 1);
  assert.throws(() => registry.check(hook('second', { path: 'users/:name' })), { code: 'WEBHOOK_TAKEN' });
  registry.activate(hook('second', { path: 'users/:name', httpMethod: 'POST' }), 1);
  assert.deepEqual(registry.find('POST', 'hook-id/users/7')?.params, { name: '7' });
  assert.deepEqual(registry.find('GET', 'hook-id/users/7')?.params, { id: '7' });
});

for (const [held, wanted] of [
  ['a', 'a'],
  ['x/:y', 'x/:z'],
] as const) {
  test(`what the database decided takes ${wanted} from whoever had ${held} here, and its late news undoes nothing`, () => {
    const registry = registryOf();
    const called = held.includes(':') ? 'hook-id/x/1' : 'a';
    registry.activate(hook('old', { path: held }), 1);
    registry.activate(hook('new', { path: wanted }), 1, true);
    assert.equal(registry.find('GET', called)?.target.workflow.id, 'new');
    assert.equal(registry.size, 1);
    registry.deactivate('old');
    assert.equal(registry.find('GET', called)?.target.workflow.id, 'new');
    registry.activate(hook('old', { path: 'elsewhere' }), 2, true);
    assert.equal(registry.find('GET', called)?.target.workflow.id, 'new');
    assert.equal(registry.size, 2);
  });
}

test('which of two fitting patterns answers does not depend on which came first', () => {
  const patterns = ['a/:y/c', ':x/b/c'];
  const answers = [patterns, patterns.toReversed()].map((order) => {
    const registry = registryOf();
    for (const path of order) registry.activate(hook(path, { path }), 1);
    return registry.find('GET', 'hook-id/a/b/c')?.target.workflow.id;
  });
  assert.equal(answers[0], answers[1]);
});

test('two nodes of one workflow cannot share an address', () => {
  const workflow = webhookWorkflow({ path: 'a' }, { name: 'Second', type: 'n8n-nodes-base.webhook' });
  const nodes = workflow['nodes'] as JsonObject[];
  for (const node of nodes) node['parameters'] = { path: 'a' };
  assert.throws(() => registryOf().activate(parseWorkflow(workflow, { id: 'w' }), 1), { code: 'WEBHOOK_TAKEN' });
});

test('activating again replaces the routes of the version before', () => {
  const registry = registryOf();
  registry.activate(hook('w', { path: 'old' }), 1);
  registry.activate(hook('w', { path: 'new' }), 2);
  assert.equal(registry.find('GET', 'old'), undefined);
  assert.equal(registry.find('GET', 'new')?.target.version, 2);
  assert.equal(registry.size, 1);
});

test('after deactivation nothing answers and the address is free', () => {
  const registry = registryOf();
  for (const path of ['a', 'x/:y']) {
    registry.activate(hook('w', { path }), 1);
    registry.deactivate('w');
    assert.equal(registry.size, 0);
    assert.deepEqual(registry.methodsOf(path), []);
    registry.activate(hook('other', { path }), 1);
    registry.deactivate('other');
  }
});

test('disabled nodes and nodes without routes are not registered', () => {
  const workflow = webhookWorkflow({ path: 'a' }, { name: 'Wait', type: 'n8n-nodes-base.wait' });
  const nodes = workflow['nodes'] as JsonObject[];
  Object.assign(nodes[0] ?? {}, { disabled: true });
  const registry = registryOf();
  registry.activate(parseWorkflow(workflow, { id: 'w' }), 1);
  assert.equal(registry.size, 0);
});

test('over WEBHOOK_ROUTES an activation is refused', () => {
  const registry = registryOf({ WEBHOOK_ROUTES: 1 });
  registry.activate(hook('w', { path: 'a' }), 1);
  assert.throws(() => registry.activate(hook('v', { path: 'b' }), 1), { code: 'WEBHOOK_ROUTES_EXCEEDED' });
});

test('a path that is not UTF-8 is refused, not a crash', () => {
  const registry = registryOf();
  registry.activate(hook('w', { path: 'a/:x' }), 1);
  assert.throws(() => registry.find('GET', 'hook-id/a/%ff'), { code: 'URL_INVALID' });
});

const move = fc.record({
  id: fc.constantFrom('1', '2', '3'),
  path: fc.constantFrom('a', 'b', 'x/:y', 'x/:z', ':q'),
  on: fc.boolean(),
});

test('however workflows come and go, exactly the active ones are found', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const registry = registryOf();
      const active = new Map<string, string>();
      for (const { id, path, on } of moves) {
        if (!on) {
          registry.deactivate(id);
          active.delete(id);
        } else {
          try {
            registry.activate(hook(id, { path }), 1);
            active.set(id, path);
          } catch {
            assert.ok(
              [...active].some(([other, taken]) => other !== id && addressOfPath(taken) === addressOfPath(path)),
            );
          }
        }
        assert.equal(registry.size, active.size);
      }
      for (const [id, path] of active) {
        if (!path.includes(':')) assert.equal(registry.find('GET', path)?.target.workflow.id, id);
      }
      const free = ['a', 'b'].filter((path) => ![...active.values()].includes(path));
      for (const path of free) assert.equal(registry.find('GET', path), undefined);
    }),
    { numRuns: 200 },
  );
});
