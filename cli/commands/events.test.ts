import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParkedEvent } from '#runtime';
import { runCli } from '../program.ts';
import { TwinPorts, TwinTerminal } from '../testing/twins.ts';

function parked(id: string, group = 'billing'): ParkedEvent {
  const body = { aggregateId: '17', aggregateType: 'execution', timestamp: 1, version: 3, payload: {}, metadata: {} };
  const event = { id, type: 'execution.failed', ...body };
  return { event, group, attempts: 5, reason: 'no\nanswer', parkedAt: Date.UTC(2030, 0, 1) };
}

function stage(...events: ParkedEvent[]) {
  const [ports, terminal] = [new TwinPorts(), new TwinTerminal()];
  ports.parkedEvents = events;
  return { ports, terminal, run: (...argv: string[]) => runCli(['events', ...argv], ports, terminal) };
}

test('parked lists when, which and why, one line each, and leaves them parked', async () => {
  const { run, terminal, ports } = stage(parked('e1'), parked('e2'), parked('other', 'mail'));
  assert.equal(await run('parked', 'billing'), 0);
  const line = (id: string): string => `2030-01-01T00:00:00.000Z\t${id}\texecution.failed\t17\t5 tries\tno answer\n`;
  assert.equal(terminal.stdout, line('e1') + line('e2'));
  assert.deepEqual([ports.parkedEvents.length, ports.eventsStopped], [3, 1]);
});

test('parked --limit shows the oldest, --json whole events', async () => {
  const { run, terminal } = stage(parked('e1'), parked('e2'));
  assert.equal(await run('parked', 'billing', '--limit', '1', '--json'), 0);
  assert.deepEqual(JSON.parse(terminal.stdout), parked('e1'));
});

test('a group without parked events is no failure, and standard output stays empty', async () => {
  const { run, terminal } = stage();
  assert.equal(await run('parked', 'billing'), 0);
  assert.deepEqual([terminal.stdout, terminal.stderr], ['', 'group billing has no parked events\n']);
});

test('replay gives all back, or those that are named, and prints how many', async () => {
  const { run, terminal, ports } = stage(parked('e1'), parked('e2'), parked('e3'));
  assert.equal(await run('replay', 'billing', 'e2'), 0);
  assert.equal(await run('replay', 'billing'), 0);
  assert.deepEqual([terminal.stdout, ports.parkedEvents], ['1\n2\n', []]);
});

test('replay of an id that is not parked ends with 1 and says so', async () => {
  const { run, terminal } = stage(parked('e1'));
  assert.equal(await run('replay', 'billing', 'e1', 'gone'), 1);
  assert.match(terminal.stderr, /1 of these ids are not parked in group billing/);
});

for (const limit of ['0', '-1', '1.5', 'many', '10001']) {
  test(`--limit ${limit} is bad input`, async () => {
    const { run, ports } = stage(parked('e1'));
    assert.equal(await run('parked', 'billing', `--limit=${limit}`), 2);
    assert.equal(ports.eventsStopped, 0);
  });
}
