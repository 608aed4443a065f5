import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import type { JsonObject } from '#workflow';
import { openStorage, type Storage } from './index.ts';
import { migrate } from './migrations/index.ts';
import { MIGRATIONS } from './migrations/list.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const source = (name: string, more: JsonObject = {}): JsonObject => ({ name, nodes: [], connections: {}, ...more });

describe('what lies in PostgreSQL', () => {
  let database: TestDatabase;
  let storage: Storage;
  before(async () => {
    database = await testDatabase();
    storage = await openStorage({ connection: database.connection, dataDirId: 'dir-1' });
  });
  after(async () => {
    await storage.close();
    await storage.close();
    await database.dispose();
  });

  const sql = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new Client(database.connection);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  test('migrations run once, also when many members start together', async () => {
    deepEqual(await Promise.all([migrate(database.connection), migrate(database.connection)]), [[], []]);
    deepEqual(
      (await sql('SELECT name FROM troupe.migration ORDER BY id')).map(({ name }) => name),
      [...MIGRATIONS],
    );
    equal((await sql('SELECT 1 FROM troupe.shard')).length, 512);
  });

  test('a schema of a newer release is refused', async () => {
    await sql(`INSERT INTO troupe.migration (name) VALUES ('999-future')`);
    await rejects(migrate(database.connection), { code: 'SCHEMA_TOO_NEW' });
    await sql(`DELETE FROM troupe.migration WHERE name = '999-future'`);
  });

  describe('workflows', () => {
    test('what went in comes out: order of keys, U+0000, and deep numbers', async () => {
      const odd = source('odd', { z: 1, a: { y: [1.5, null, 'nul \0'], b: '__proto__' } });
      const made = await storage.workflows.create(odd);
      match(made.id, /^[A-Za-z0-9]{16}$/);
      equal(JSON.stringify((await storage.workflows.get(made.id))?.source), JSON.stringify(odd));
    });

    test('an update is a new version; the old one stays as it was', async () => {
      const { id } = await storage.workflows.create(source('one'));
      const updated = await storage.workflows.update(id, source('two'));
      deepEqual([updated?.name, updated?.version], ['two', 2]);
      equal((await storage.workflows.version(id, 1))?.source['name'], 'one');
      equal((await storage.workflows.version(id))?.version, 2);
      equal(await storage.workflows.version(id, 3), undefined);
    });

    test('updates at the same time make one version each', async () => {
      const { id } = await storage.workflows.create(source('busy'));
      await Promise.all(Array.from({ length: 5 }, (_, n) => storage.workflows.update(id, source(`busy ${n}`))));
      equal((await storage.workflows.get(id))?.version, 6);
    });

    test('triggers get the published version; a change of an active workflow is published at once', async () => {
      const { id } = await storage.workflows.create(source('live'));
      equal((await storage.workflows.setActive(id, true))?.activeVersion, 1);
      await storage.workflows.update(id, source('live 2'));
      const find = async () => (await storage.workflows.active()).find((each) => each.id === id);
      deepEqual([(await find())?.version, (await find())?.source['name']], [2, 'live 2']);
      equal((await storage.workflows.setActive(id, false))?.activeVersion, undefined);
      equal(await find(), undefined);
      equal(await storage.workflows.setActive(id, true, 99), undefined, 'no such version');
    });

    test('an import keeps its id: first new, then a version of it; an unfit id is replaced', async () => {
      const first = await storage.workflows.save(source('imp', { id: 'import-1' }));
      const second = await storage.workflows.save(source('imp', { id: 'import-1' }));
      deepEqual([first.created, second.created, second.version], [true, false, 2]);
      notEqual((await storage.workflows.save(source('bad', { id: '../../etc' }))).id, '../../etc');
    });

    test('a removed workflow leaves its versions to the runs that are pinned to them; its successor counts on', async () => {
      await storage.workflows.save(source('gone', { id: 'gone' }));
      equal((await storage.workflows.remove('gone'))?.name, 'gone');
      equal(await storage.workflows.get('gone'), undefined);
      equal(await storage.workflows.remove('gone'), undefined);
      equal((await storage.workflows.version('gone', 1))?.source['name'], 'gone');
      equal((await storage.workflows.save(source('again', { id: 'gone' }))).version, 2);
    });

    test('what is not there is undefined, not an error', async () => {
      equal(await storage.workflows.get('none'), undefined);
      equal(await storage.workflows.update('none', {}), undefined);
      equal(await storage.workflows.setActive('none', true), undefined);
    });

    test('pages hold every workflow once, in order of creation', async () => {
      const all = (await storage.workflows.all()).map(({ id }) => id);
      const seen: string[] = [];
      for (let next: string | undefined = ''; next !== undefined;) {
        const page: Awaited<ReturnType<typeof storage.workflows.list>> = await storage.workflows.list({
          limit: 2,
          ...(next ? { after: next } : {}),
        });
        ok(page.rows.length <= 2);
        seen.push(...page.rows.map(({ id }) => id));
        next = page.next;
      }
      deepEqual(seen, all);
      await rejects(storage.workflows.list({ limit: 1, after: '1; DROP' }), { code: 'PLACE_INVALID' });
      equal((await storage.workflows.list({ limit: 10, name: 'two' })).rows.length, 1);
    });
  });

  test('users: found by e-mail in any case, let in by their password only', async () => {
    const made = await storage.users.create({ email: 'Owner@Example.com', role: 'owner' });
    ok(made.password);
    deepEqual(await storage.users.owner(), { id: made.id, email: made.email, role: 'owner' });
    equal((await storage.users.login('owner@example.com', made.password))?.id, made.id);
    equal(await storage.users.login('owner@example.com', 'wrong'), undefined);
    equal(await storage.users.login('nobody@example.com', 'x'), undefined);
    await rejects(storage.users.create({ email: 'OWNER@example.com', role: 'member' }), { code: 'USER_EXISTS' });
    equal(await storage.users.setPassword(made.id, 'new-password'), true);
    equal((await storage.users.login('owner@example.com', 'new-password'))?.id, made.id);
    equal((await storage.users.byEmail("x' OR 1=1 --"))?.id, undefined);
  });

  test('api keys: shown once, kept as a hash, refused once expired or removed', async () => {
    const user = await storage.users.create({ email: 'keys@example.com', role: 'admin', password: 'p' });
    const { id, key } = await storage.apiKeys.create({ userId: user.id, label: 'ci' });
    equal(JSON.stringify(await sql('SELECT * FROM troupe.api_key')).includes(key), false);
    deepEqual(await storage.apiKeys.identify(key), { ownerId: user.id, permissions: 'all' });
    ok((await storage.apiKeys.list(user.id))[0]?.lastUsedAt);
    const scoped = await storage.apiKeys.create({
      userId: user.id,
      label: 'scoped',
      scopes: ['workflow:read'],
      expiresAt: 5_000,
    });
    deepEqual((await storage.apiKeys.find(scoped.key, 4_999))?.scopes, ['workflow:read']);
    equal(await storage.apiKeys.find(scoped.key, 5_000), undefined);
    equal(
      (await storage.apiKeys.create({ userId: user.id, label: 'again', key })).id,
      id,
      'a given key twice is one key',
    );
    const member = await storage.users.create({ email: 'member@example.com', role: 'member', password: 'p' });
    const bare = await storage.apiKeys.create({ userId: member.id, label: 'bare' });
    deepEqual((await storage.apiKeys.identify(bare.key))?.permissions, new Set(), 'nothing is granted by leaving out');
    equal(await storage.apiKeys.remove(id), true);
    equal(await storage.apiKeys.identify(key), undefined);
  });

  test('settings hold any JSON', async () => {
    for (const value of [1, null, { a: ['x'] }]) {
      await storage.settings.set('s', value);
      deepEqual(await storage.settings.get('s'), value);
    }
    equal(await storage.settings.remove('s'), true);
    equal(await storage.settings.get('s'), undefined);
  });

  test('blobs: equal contents have one id, foreign ids have none', async () => {
    const bytes = new Uint8Array([0, 1, 2, 255]);
    const id = await storage.blobs.put(bytes);
    equal(await storage.blobs.put(bytes), id);
    deepEqual(new Uint8Array((await storage.blobs.get(id)) ?? []), bytes);
    equal(await storage.blobs.get('../etc/passwd'), undefined);
    equal(await storage.blobs.get('0'.repeat(64)), undefined);
  });

  describe('leases and lists', () => {
    test('a later boot on the same data directory claims at once; a member elsewhere waits for the lease', async () => {
      const elsewhere = await openStorage({
        connection: database.connection,
        dataDirId: 'dir-2',
        pools: { journal: 1, people: 1 },
      });
      await storage.leases.renew({ bootId: 'boot-1', name: 'm', tags: [] }, 60_000);
      const [first] = await storage.leases.claim('boot-1', [7]);
      await elsewhere.leases.renew({ bootId: 'other', name: 'o', tags: [] }, 60_000);
      deepEqual(await elsewhere.leases.claim('other', [7]), []);
      await storage.leases.renew({ bootId: 'boot-2', name: 'm', tags: [] }, 60_000);
      deepEqual(await storage.leases.claim('boot-2', [7]), [{ shard: 7, epoch: (first?.epoch ?? 0) + 1 }]);
      deepEqual(await storage.leases.claim('boot-1', [7]), []);
      await elsewhere.close();
    });

    const run = async (
      workflowId: string,
      status: 'success' | 'error' | 'running',
      stoppedAt: number,
    ): Promise<string> => {
      const [claim] = await storage.leases.claim('boot-2', [7]);
      const { first } = await storage.journal.idBlock();
      const executionId = String(first * 512 + 7);
      const event = { type: 'execution.started', at: 1, mode: 'manual', trigger: 'T', items: [] } as const;
      await storage.journal.commit([
        {
          executionId,
          shard: 7,
          epoch: claim?.epoch ?? -1,
          create: { workflowId, workflowVersion: 1, mode: 'manual', startedAt: 1 },
          events: [{ seq: 1, event: { ...event, items: [] } }],
          status,
          ...(status === 'running' ? {} : { stoppedAt }),
        },
      ]);
      return executionId;
    };

    test('lists of executions: newest first, by status and workflow, page by page', async () => {
      const ids = [
        await run('wa', 'success', 10),
        await run('wb', 'error', 20),
        await run('wa', 'running', 0),
      ] as const;
      const list = async (filter: Parameters<typeof storage.executions.list>[0]) => {
        const { rows, next } = await storage.executions.list(filter);
        return { ids: rows.map(({ id }) => id), next };
      };
      deepEqual(await list({ limit: 2 }), { ids: [ids[2], ids[1]], next: ids[1] });
      deepEqual(await list({ limit: 2, after: ids[1] }), { ids: [ids[0]], next: undefined });
      deepEqual((await list({ limit: 9, workflowId: 'wa' })).ids, [ids[2], ids[0]]);
      deepEqual((await list({ limit: 9, workflowId: 'wa', status: 'success' })).ids, [ids[0]]);
      await rejects(storage.executions.list({ limit: 1, after: 'x' }), { code: 'PLACE_INVALID' });
      equal(await storage.executions.remove(ids[2]), undefined, 'a run that has not ended stays');
      equal((await storage.executions.remove(ids[1]))?.workflowId, 'wb');
      deepEqual(await storage.journal.read(ids[1]), []);
    });

    test('retention forgets what ended before, by whole partitions where it can, and nothing that runs', async () => {
      const [old, running] = [await run('wr', 'success', 100), await run('wr', 'running', 0)];
      await storage.retention.rotate();
      const recent = await run('wr', 'success', 5_000);
      const report = await storage.retention.forget(1_000);
      ok(report.executions >= 1);
      equal(await storage.journal.execution(old), undefined);
      deepEqual(await storage.journal.read(old), []);
      equal((await storage.journal.read(running)).length, 1);
      equal((await storage.journal.read(recent)).length, 1);
    });

    test('a partition whose runs are all gone is dropped, and ids of it that come late still work', async () => {
      const late = await storage.journal.idBlock();
      await storage.retention.rotate();
      await storage.retention.rotate();
      await sql(`UPDATE troupe.execution SET status = 'success', stopped_at = 1 WHERE stopped_at IS NULL`);
      ok((await storage.retention.forget(10_000)).partitions >= 1);
      const [claim] = await storage.leases.claim('boot-2', [7]);
      const create = { workflowId: 'w', workflowVersion: 1, mode: 'manual', startedAt: 1 } as const;
      const event = { type: 'execution.canceled', at: 1, reason: 'r' } as const;
      const executionId = String(late.first * 512 + 7);
      const step = {
        executionId,
        shard: 7,
        epoch: claim?.epoch ?? -1,
        create,
        events: [{ seq: 1, event }],
        status: 'running',
      } as const;
      deepEqual(await storage.journal.commit([step]), [{ kind: 'committed' }]);
    });
  });

  test('when the database drops every connection, calls work again by themselves', async () => {
    await storage.ping();
    await sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`,
    );
    const again = async (): Promise<void> => {
      await storage.ping();
      await storage.workflows.all();
    };
    await again().catch(again).catch(again);
    equal(storage.poolStats().active, 0);
  });
});

test('a database that cannot be reached is STORAGE_UNAVAILABLE', async () => {
  await rejects(openStorage({ connection: 'postgresql://x@127.0.0.1:1/x' }), { code: 'STORAGE_UNAVAILABLE' });
});
