import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineErrors } from '#workflow';
import type { ClusterBook, MemberView } from '../cluster-book.ts';
import { createRig, KEYS, type Rig } from '../testing.ts';

const rows = defineErrors({
  MEMBER_UNKNOWN: { message: () => 'no such member', status: 404, retryable: false, hint: 'look at the list' },
});

async function call(rig: Rig, method: 'GET' | 'POST', url: string) {
  const reply = await rig.api.inject({ method, url, headers: { 'x-n8n-api-key': KEYS.owner } });
  return { status: reply.statusCode, body: reply.json() };
}

function bookOf(...names: string[]): ClusterBook & { drained: string[] } {
  const members = names.map((name, index): MemberView => {
    const lease = { leaseLeftMs: 4_000, shards: 512 / names.length, self: index === 0 };
    return { bootId: `boot-${name}`, name, tags: ['eu'], draining: false, state: 'living', ...lease };
  });
  const drained: string[] = [];
  return {
    drained,
    members: async () => members,
    shards: async () => [{ shard: 0, epoch: 3, owner: 'boot-a', member: 'a' }],
    async drain(member) {
      const found = members.find(({ name, bootId }) => name === member || bootId === member);
      if (!found) throw rows.MEMBER_UNKNOWN({});
      drained.push(found.bootId);
      return { ...found, draining: true, state: 'draining' };
    },
  };
}

test('members and shards are listed as the book has them', async () => {
  const cluster = bookOf('a', 'b');
  const rig = createRig({ cluster });
  assert.deepEqual((await call(rig, 'GET', '/api/v1/cluster/members')).body.data, await cluster.members());
  assert.deepEqual((await call(rig, 'GET', '/api/v1/cluster/shards')).body.data, await cluster.shards());
});

test('without a book there is nothing to list', async () => {
  for (const what of ['members', 'shards'])
    assert.deepEqual((await call(createRig(), 'GET', `/api/v1/cluster/${what}`)).body, { data: [] });
});

test('a member is asked to drain by its name or its boot, and shown as it is then', async () => {
  const cluster = bookOf('a', 'b');
  const rig = createRig({ cluster });
  for (const name of ['b', 'boot-b']) {
    const { status, body } = await call(rig, 'POST', `/api/v1/cluster/members/${name}/drain`);
    assert.equal(status, 202);
    assert.equal(body.state, 'draining');
  }
  assert.deepEqual(cluster.drained, ['boot-b', 'boot-b']);
});

test('a member that is not there cannot drain', async () => {
  const { status, body } = await call(createRig({ cluster: bookOf('a') }), 'POST', '/api/v1/cluster/members/x/drain');
  assert.equal(status, 404);
  assert.equal(body.code, 'MEMBER_UNKNOWN');
});
