import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '#workflow';
import { openStorage, type AddressesOf, type Storage } from './index.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

/** Definitions of these tests name their addresses: `{ hooks: ['GET a', 'POST users/:id'] }`. */
const addressesOf: AddressesOf = (_id, source) =>
  (source['hooks'] as string[]).map((hook) => {
    const [method = '', path = ''] = hook.split(' ');
    return { method, path, address: path.replaceAll(/:[^/]+/g, ':') };
  });

const source = (...hooks: string[]): JsonObject => ({ name: 'w', nodes: [], connections: {}, hooks });

describe('what listens, as all members read it', () => {
  let database: TestDatabase;
  /** Two members over one database. */
  let a: Storage;
  let b: Storage;
  before(async () => {
    database = await testDatabase();
    a = await openStorage({ connection: database.connection, addressesOf });
    b = await openStorage({ connection: database.connection, addressesOf });
  });
  after(async () => {
    await a.close();
    await b.close();
    await database.dispose();
  });

  const active = async (...hooks: string[]): Promise<string> => {
    const { id } = await a.workflows.create(source(...hooks));
    await a.workflows.setActive(id, true);
    return id;
  };

  test('each activation, update and end is one change that the other member reads after its mark', async () => {
    const mark = await b.activations.mark();
    const { id } = await a.workflows.create(source('GET one'));
    equal(await b.activations.mark(), mark, 'what is not active changes nothing');
    const read = async () =>
      (await b.activations.changes(mark, 10)).map(({ change, version }) => [change - mark, version]);
    await a.workflows.setActive(id, true);
    deepEqual(await read(), [[1, 1]]);
    await a.workflows.update(id, source('GET one', 'GET more'));
    deepEqual(await read(), [[2, 2]]);
    await a.workflows.setActive(id, false);
    deepEqual(await read(), [[3, undefined]]);
    await a.workflows.setActive(id, false);
    await a.workflows.remove(id);
    deepEqual(await read(), [[3, undefined]], 'ending twice is no change');
    equal(await b.activations.mark(), mark + 3);
  });

  test('a removed workflow that was active ends listening in the same commit, and its address is free', async () => {
    const first = await active('GET gone');
    const mark = await b.activations.mark();
    await a.workflows.remove(first);
    deepEqual(
      (await b.activations.changes(mark, 10)).map(({ workflowId, version }) => [workflowId, version]),
      [[first, undefined]],
    );
    ok(await active('GET gone'));
  });

  test('an import of an active workflow is published like any other change', async () => {
    const id = await active('GET import');
    const mark = await b.activations.mark();
    await b.workflows.save({ ...source('GET import', 'GET second'), id });
    deepEqual(
      (await a.activations.changes(mark, 10)).map(({ version }) => version),
      [2],
    );
    await rejects(active('GET second'), { code: 'WEBHOOK_TAKEN' });
  });

  test('an address belongs to one active workflow; the refusal names it and nothing is changed', async () => {
    const first = await active('GET taken', 'POST users/:id');
    const mark = await b.activations.mark();
    for (const [hook, path] of [
      ['GET taken', 'taken'],
      ['POST users/:name', 'users/:name'],
    ] as const) {
      const { id } = await b.workflows.create(source('GET free', hook));
      const refusal = { code: 'WEBHOOK_TAKEN', details: { method: hook.split(' ')[0], path, workflowId: first } };
      await rejects(b.workflows.setActive(id, true), refusal);
      equal((await b.workflows.get(id))?.active, false);
    }
    const other = await active('GET other');
    await rejects(b.workflows.update(other, source('GET taken')), { code: 'WEBHOOK_TAKEN' });
    equal((await b.workflows.get(other))?.version, 1);
    equal(await b.activations.mark(), mark + 1);
    ok(await active('POST taken'), 'another method is another address');
  });

  test('two members activate the same address at the same time: one of them is refused, always', async () => {
    for (let round = 0; round < 10; round += 1) {
      const hook = `GET race-${round}/:x`;
      const ids = await Promise.all([a, b].map(async (each) => (await each.workflows.create(source(hook))).id));
      const outcomes = await Promise.allSettled([a, b].map((each, n) => each.workflows.setActive(ids[n] ?? '', true)));
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      equal(refused.length, 1);
      equal(refused[0]?.reason.code, 'WEBHOOK_TAKEN');
      ok(ids.includes(refused[0]?.reason.details.workflowId));
    }
  });

  test('two nodes of one workflow cannot share an address', async () => {
    const { id } = await a.workflows.create(source('GET twice', 'GET twice'));
    await rejects(a.workflows.setActive(id, true), {
      code: 'WEBHOOK_TAKEN',
      details: { method: 'GET', path: 'twice', workflowId: id },
    });
  });

  test('numbers of changes become visible in their order, however many members write', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => active(`GET order-${n}`)));
    let mark = await b.activations.mark();
    const seen: string[] = [];
    let writing = true;
    const reader = (async () => {
      while (writing || (await b.activations.mark()) > mark) {
        for (const { change, workflowId } of await b.activations.changes(mark, 100)) {
          ok(change > mark);
          mark = change;
          seen.push(workflowId);
        }
      }
    })();
    await Promise.all(ids.map((id, n) => (n % 2 ? a : b).workflows.setActive(id, false)));
    writing = false;
    await reader;
    deepEqual(seen.toSorted(), ids.toSorted());
  });

  test('the moment of activation is the database clock, kept over a repeated activation, renewed by a new version', async () => {
    const begun = await a.now();
    const id = await active('GET since');
    const since = async () => (await b.workflows.active()).find((row) => row.id === id)?.activeSince ?? 0;
    const first = await since();
    ok(first >= Math.floor(begun) && first <= (await a.now()));
    await a.workflows.setActive(id, true);
    equal(await since(), first);
    await a.workflows.update(id, source('GET since'));
    ok((await since()) >= first);
  });

  describe('test addresses', () => {
    const hook = (path: string) => [{ method: 'POST', path, address: path }];

    test('one call is taken, by one member only', async () => {
      await a.testWebhooks.listen('w', 3, hook('t'), 60_000);
      deepEqual(await b.testWebhooks.listening(10), [{ workflowId: 'w', version: 3 }]);
      const taken = await Promise.all([a, b, a, b].map((each) => each.testWebhooks.take('w', 3)));
      equal(taken.filter(Boolean).length, 1);
      deepEqual(await a.testWebhooks.listening(10), []);
    });

    test('after its time nobody listens, and the address is free', async () => {
      await a.testWebhooks.listen('w', 1, hook('t'), 0);
      deepEqual(await b.testWebhooks.listening(10), []);
      equal(await b.testWebhooks.take('w', 1), false);
      await b.testWebhooks.listen('v', 1, hook('t'), 60_000);
    });

    test('an address of another workflow is refused; asked again the own ones are replaced', async () => {
      await a.testWebhooks.listen('v', 1, hook('t'), 60_000);
      await rejects(b.testWebhooks.listen('w', 1, hook('t'), 60_000), { code: 'WEBHOOK_TAKEN' });
      await a.testWebhooks.listen('v', 2, hook('u'), 60_000);
      await b.testWebhooks.listen('w', 1, hook('t'), 60_000);
      deepEqual(await a.testWebhooks.listening(10), [
        { workflowId: 'v', version: 2 },
        { workflowId: 'w', version: 1 },
      ]);
    });
  });
});
