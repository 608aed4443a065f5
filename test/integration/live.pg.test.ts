import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { JsonObject } from '#workflow';
import { asProcess, type Caller, END_OF_FILE, inProcess, type MemberProcess, until } from './member.ts';
import { listen, type Listener } from './socket.ts';
import { end, node, start, workflow } from './workflows.ts';

/** What a watcher is promised: every event of a run once, in order, whatever happens to its socket or the server. */

const folder = mkdtempSync(join(tmpdir(), 'troupe-live-'));
const left: (() => unknown)[] = [];
after(async () => {
  for (const undo of left) await undo();
  rmSync(folder, { recursive: true, force: true });
}, END_OF_FILE);

const TERMINAL = /^execution\.(finished|failed|canceled)$/;

/** Watches one run over any number of sockets, as a page does that comes back with the last seq it has seen. */
class Watch {
  readonly executionId: string;
  readonly seen: JsonObject[] = [];
  #now: Listener | undefined;

  constructor(executionId: string) {
    this.executionId = executionId;
  }

  get lastSeq(): number {
    return Number(this.seen.at(-1)?.['seq'] ?? 0);
  }

  async open(base: string): Promise<void> {
    const listener = await listen(base);
    this.#now = listener;
    left.push(() => listener.close());
    listener.socket.on('event', (event: JsonObject) => this.seen.push(event));
    const ack = await listener.subscribe({ executionId: this.executionId, afterSeq: this.lastSeq });
    assert.deepEqual(ack, { ok: true });
  }

  close(): void {
    this.#now?.close();
  }

  /** Resolves once this many events are there. */
  atLeast(count: number): Promise<true> {
    return until(`${count} events`, () => (this.seen.length >= count ? true : undefined));
  }

  ended(): Promise<true> {
    return until(
      'the last event',
      () => (TERMINAL.test(String(this.seen.at(-1)?.['type'])) ? true : undefined),
      30_000,
    );
  }

  /** Every event of the journal once, in seq order, as the journal has it. */
  async expectWhole(caller: Caller, last = 'execution.finished'): Promise<void> {
    const short = (events: JsonObject[]): unknown[] => events.map(({ seq, type, node: at }) => [seq, type, at ?? null]);
    const journal = await caller.journal(this.executionId);
    assert.equal(journal.at(-1)?.['type'], last);
    assert.deepEqual(short(this.seen), short(journal));
    assert.deepEqual(
      this.seen.map(({ seq }) => seq),
      this.seen.map((_, index) => index + 1),
    );
  }
}

/** Runs for about `steps` × 0.3 s, with an event at every pause. */
function slow(steps: number): object {
  const waits = Array.from({ length: steps }, (_, i) =>
    node(`Wait ${i}`, 'wait', 1.1, { amount: 0.3, unit: 'seconds' }, {}),
  );
  return workflow('slow', [start(), ...waits, end()]);
}

test('a client that leaves in the middle and returns with afterSeq gets every event once, in order', async () => {
  const member = await inProcess();
  left.push(() => member.stop());
  const executionId = await member.execute(await member.store(slow(8)));
  const watch = new Watch(executionId);
  await watch.open(member.base);
  for (const count of [3, 8, 14]) {
    await watch.atLeast(count);
    watch.close();
    await until('a step went by unseen', async () =>
      (await member.journal(executionId)).length > watch.seen.length + 1 ? true : undefined,
    );
    await watch.open(member.base);
  }
  await watch.ended();
  await watch.expectWhole(member);
});

test('many watchers who come at any time all see the same whole', async () => {
  const member = await inProcess();
  left.push(() => member.stop());
  const executionId = await member.execute(await member.store(slow(4)));
  const watches = Array.from({ length: 12 }, () => new Watch(executionId));
  for (const [index, watch] of watches.entries()) {
    await watch.open(member.base);
    if (index % 3 === 0) await watch.atLeast(1 + index);
  }
  const late = new Watch(executionId);
  await Promise.all(watches.map((watch) => watch.ended()));
  await late.open(member.base);
  await late.ended();
  for (const watch of [...watches, late]) await watch.expectWhole(member);
});

test('nothing is missed or repeated over a stop of the server and the start of another on the same data', async () => {
  const dataDir = join(folder, 'stopped');
  const first = await inProcess({ dataDir });
  left.push(() => first.stop());
  const executionId = await first.execute(await first.store(slow(8)));
  const watch = new Watch(executionId);
  await watch.open(first.base);
  await watch.atLeast(6);
  await first.stop();
  const second = await inProcess({ dataDir });
  left.push(() => second.stop());
  await watch.open(second.base);
  await watch.ended();
  await watch.expectWhole(second);
});

test('nothing is missed or repeated over kill -9 of the server, however often', async () => {
  const dataDir = join(folder, 'killed');
  let server: MemberProcess = await asProcess(dataDir);
  left.push(() => server.end('SIGTERM'));
  const executionId = await server.execute(await server.store(slow(14)));
  const watch = new Watch(executionId);
  for (const count of [4, 9, 13]) {
    await watch.open(server.base);
    await watch.atLeast(count);
    await server.end('SIGKILL');
    server = await asProcess(dataDir);
  }
  await watch.open(server.base);
  await watch.ended();
  await watch.expectWhole(server);
});

test('a subscription to a workflow tells of every run of it, each whole and in order', async () => {
  const member = await inProcess();
  left.push(() => member.stop());
  const id = await member.store(workflow('quick', [start(), end()]));
  const listener = await listen(member.base);
  left.push(() => listener.close());
  assert.deepEqual(await listener.subscribe({ workflowId: id }), { ok: true });
  const runs = await Promise.all(Array.from({ length: 30 }, () => member.execute(id)));
  const ofRun = (run: string): JsonObject[] => listener.events.filter(({ executionId }) => executionId === run);
  for (const run of runs) {
    await until(`the end of ${run}`, () =>
      ofRun(run).some(({ type }) => TERMINAL.test(String(type))) ? true : undefined,
    );
    const journal = await member.journal(run);
    assert.deepEqual(
      ofRun(run).map(({ seq, type }) => [seq, type]),
      journal.map(({ seq, type }) => [seq, type]),
    );
  }
});

test('an unknown execution, a stranger and a bad topic are refused with message, code and hint', async () => {
  const member = await inProcess();
  left.push(() => member.stop());
  const listener = await listen(member.base);
  left.push(() => listener.close());
  for (const [topic, code] of [
    [{ executionId: '1' }, 'EXECUTION_UNKNOWN'],
    [{ workflowId: 'nobody' }, 'WORKFLOW_UNKNOWN'],
    [{ executionId: 'x' }, 'INPUT_INVALID'],
  ] as const) {
    const { error } = await listener.subscribe(topic);
    assert.deepEqual(Object.keys(error as object).toSorted(), ['code', 'hint', 'message']);
    assert.equal(Reflect.get(error as object, 'code'), code);
  }
  await assert.rejects(listen(member.base, 'troupe_wrong'), (error: Error & { data?: JsonObject }) => {
    assert.equal(error.data?.['code'], 'UNAUTHORIZED');
    return true;
  });
});
