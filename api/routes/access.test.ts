import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { allows, PERMISSIONS, PUBLIC_ROUTES, type Permission } from '../permissions.ts';
import { route } from '../route.ts';
import { createRig, KEYS, webhookWorkflow, type Rig } from '../testing.ts';

/** Every route of the API and who may call it: written down once more, so that a change shows. */
const TABLE: Record<string, Permission | 'public'> = {
  'GET /health': 'public',
  'GET /healthz': 'public',
  'GET /ready': 'public',
  'GET /healthz/readiness': 'public',
  'GET /metrics': 'public',
  'GET /api/v1/workflows': 'workflow:read',
  'POST /api/v1/workflows': 'workflow:write',
  'GET /api/v1/workflows/:id': 'workflow:read',
  'PUT /api/v1/workflows/:id': 'workflow:write',
  'DELETE /api/v1/workflows/:id': 'workflow:write',
  'POST /api/v1/workflows/:id/activate': 'workflow:write',
  'POST /api/v1/workflows/:id/deactivate': 'workflow:write',
  'POST /api/v1/workflows/:id/test-webhook': 'workflow:execute',
  'POST /api/v1/workflows/:id/execute': 'workflow:execute',
  'GET /api/v1/executions': 'execution:read',
  'GET /api/v1/executions/:id': 'execution:read',
  'DELETE /api/v1/executions/:id': 'execution:write',
  'GET /api/v1/executions/:id/journal': 'execution:read',
  'GET /api/v1/executions/:id/state': 'execution:read',
  'POST /api/v1/executions/:id/cancel': 'execution:write',
  'POST /api/v1/executions/:id/signal': 'execution:write',
  'GET /api/v1/actors': 'cluster:read',
  'GET /api/v1/cluster/members': 'cluster:read',
  'GET /api/v1/cluster/shards': 'cluster:read',
  'POST /api/v1/cluster/members/:member/drain': 'cluster:write',
};

let rig: Rig;

before(async () => {
  rig = createRig();
  await rig.add(webhookWorkflow({ path: 'a' }));
});

const READER: ReadonlySet<string> = new Set(['workflow:read', 'execution:read']);

/** Ways to come with a key. */
const CALLERS: Record<string, { headers: Record<string, string>; may: (permission: string) => number }> = {
  'no key': { headers: {}, may: () => 401 },
  'an empty key': { headers: { 'x-n8n-api-key': '' }, may: () => 401 },
  'a wrong key': { headers: { 'x-n8n-api-key': 'wrong' }, may: () => 401 },
  'a wrong token': { headers: { authorization: 'Bearer wrong' }, may: () => 401 },
  'a key in the wrong scheme': { headers: { authorization: `Basic ${KEYS.owner}` }, may: () => 401 },
  'a key that is too long': { headers: { 'x-n8n-api-key': 'x'.repeat(5000) }, may: () => 401 },
  'a key that lacks permissions': {
    headers: { 'x-n8n-api-key': KEYS.reader },
    may: (permission) => (READER.has(permission) ? 0 : 403),
  },
  'the right key': { headers: { 'x-n8n-api-key': KEYS.owner }, may: () => 0 },
  'the right key as a token': { headers: { authorization: `Bearer ${KEYS.owner}` }, may: () => 0 },
};

test('the table names every route and its permission', () => {
  const declared = Object.fromEntries(rig.api.routes.map((one) => [`${one.method} ${one.url}`, one.permission]));
  assert.deepEqual(declared, TABLE);
});

for (const [name, permission] of Object.entries(TABLE)) {
  const [method = '', url = ''] = name.split(' ');
  for (const [caller, { headers, may }] of Object.entries(CALLERS)) {
    const refused = permission === 'public' ? 0 : may(permission);
    test(`${name} by ${caller}: ${refused === 0 ? 'let in' : refused}`, async () => {
      const call: InjectOptions = { method: method as 'GET', url: url.replace(':id', '424242'), headers };
      const reply = await rig.api.inject(call);
      if (refused === 0) assert.ok(![401, 403].includes(reply.statusCode), reply.payload);
      else {
        assert.equal(reply.statusCode, refused);
        assert.equal(reply.json().code, refused === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN');
      }
    });
  }
}

test('a refused caller is refused before anything of the body is read', async () => {
  const reply = await rig.api.inject({
    method: 'POST',
    url: '/api/v1/workflows',
    headers: { 'content-type': 'application/json' },
    payload: '{ not json',
  });
  assert.equal(reply.statusCode, 401);
});

test('a route cannot be public without being on the list', () => {
  const hidden = route({ method: 'GET', url: '/hidden', permission: 'public', handle: () => 'x' });
  assert.throws(() => createAppWith(hidden), { code: 'ROUTE_UNPROTECTED' });
});

function createAppWith(one: ReturnType<typeof route>): void {
  one.register({ route: () => assert.fail('registered') } as never, {} as never);
}

test('every public route of the API is on the list, and the list has no others', () => {
  const declared = rig.api.routes.filter((one) => one.permission === 'public').map((one) => `${one.method} ${one.url}`);
  const webhooks = ['ANY /webhook/*', 'ANY /webhook-test/*', 'ANY /webhook-waiting/*'];
  assert.deepEqual([...PUBLIC_ROUTES].toSorted(), [...declared, ...webhooks].toSorted());
});

test('all permissions are what `all` means, and none is in an empty set', () => {
  for (const permission of PERMISSIONS) {
    assert.equal(allows({ ownerId: 'o', permissions: 'all' }, permission), true);
    assert.equal(allows({ ownerId: 'o', permissions: new Set() }, permission), false);
    assert.equal(allows({ ownerId: 'o', permissions: new Set([permission]) }, permission), true);
  }
});
