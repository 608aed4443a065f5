import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOf } from '#cluster';
import { IdPool } from './ids.ts';

function blocks(size: number): { idBlock(): Promise<{ first: number; size: number }>; asked: number } {
  let next = 1;
  return {
    asked: 0,
    async idBlock() {
      this.asked += 1;
      const first = next;
      next += size;
      return { first, size };
    },
  };
}

test('every id is drawn once, on an owned shard', async () => {
  const pool = new IdPool(blocks(5_000));
  await pool.fill();
  const seen = new Set<string>();
  for (let count = 0; count < 3_000; count += 1) {
    const { executionId, shard } = pool.next([3, 7, 500]);
    assert.equal(shardOf(executionId), shard);
    assert.ok([3, 7, 500].includes(shard));
    seen.add(executionId);
  }
  assert.equal(seen.size, 3_000);
});

test('ids of one turn lie on one shard, so that the runs of one commit touch few shards', async () => {
  const pool = new IdPool(blocks(5_000));
  await pool.fill();
  const shards = Array.from({ length: 512 }, () => pool.next([1, 2, 3, 4, 5, 6, 7, 8]).shard);
  const changes = shards.filter((shard, index) => index > 0 && shard !== shards[index - 1]).length;
  assert.ok(changes <= 8, `${changes} changes of shard within 512 ids`);
});

test('an id can be asked for on a given shard', async () => {
  const pool = new IdPool(blocks(5_000));
  await pool.fill();
  assert.equal(pool.next([1], 42).shard, 42);
});

test('the pool asks for more before it runs dry, one block at a time', async () => {
  const source = blocks(1_000);
  const pool = new IdPool(source);
  await Promise.all([pool.fill(), pool.fill()]);
  const asked = source.asked;
  for (let count = 0; count < 4_600; count += 1) {
    pool.next([1]);
    if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(source.asked > asked);
  assert.ok(pool.left > 0);
});

test('a dry pool and a member without shards say so', async () => {
  const dry = new IdPool({ idBlock: () => new Promise(() => {}) });
  assert.throws(() => dry.next([1]), { code: 'ENGINE_NO_IDS' });
  const pool = new IdPool(blocks(5_000));
  await pool.fill();
  assert.throws(() => pool.next([]), { code: 'ENGINE_NO_SHARD' });
});

test('a database that does not answer rejects the fill, and a later fill succeeds', async () => {
  let down = true;
  const source = blocks(5_000);
  const pool = new IdPool({ idBlock: () => (down ? Promise.reject(new Error('down')) : source.idBlock()) });
  await assert.rejects(pool.fill(), /down/);
  down = false;
  await pool.fill();
  assert.ok(pool.next([1]).executionId);
});
