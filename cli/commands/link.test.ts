import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParkedMessage } from '#transport';
import { runCli } from '../program.ts';
import { TwinPorts, TwinTerminal } from '../testing/twins.ts';

function parked(id: string, why?: string): ParkedMessage {
  const place = { from: 'a', to: 'b.normal', parkedAt: Date.UTC(2030, 0, 1), bytes: 12, preview: 'x' };
  return { id, kind: 'live', ...place, ...(why !== undefined && { why }) };
}

function stage(...messages: ParkedMessage[]) {
  const [ports, terminal] = [new TwinPorts(), new TwinTerminal()];
  ports.parkedMessages = messages;
  return { ports, terminal, run: (...argv: string[]) => runCli(['link', ...argv], ports, terminal) };
}

test('parked lists when, which, from whom to whom and why, and leaves them parked', async () => {
  const { run, terminal, ports } = stage(parked('m1', 'no JSON'), parked(''));
  assert.equal(await run('parked'), 0);
  const line = (...cells: string[]): string => `2030-01-01T00:00:00.000Z\t${cells.join('\t')}\n`;
  const [first, second] = [
    line('m1', 'live', 'a > b.normal', '12 B', 'no JSON'),
    line('-', 'live', 'a > b.normal', '12 B', 'readable'),
  ];
  assert.equal(terminal.stdout, first + second);
  assert.deepEqual([ports.parkedMessages.length, ports.parkingClosed], [2, 1]);
});

test('parked --limit shows the oldest, --json whole messages; none is no failure', async () => {
  const { run, terminal, ports } = stage(parked('m1'), parked('m2'));
  assert.equal(await run('parked', '--limit', '1', '--json'), 0);
  assert.deepEqual(JSON.parse(terminal.stdout), parked('m1'));
  ports.parkedMessages = [];
  assert.equal(await run('parked'), 0);
  assert.equal(terminal.stderr, 'no message is parked\n');
});

test('replay gives back all or the named, and ends with 1 when some must stay', async () => {
  const { run, terminal, ports } = stage(parked('m1'), parked('m2'), parked('m3', 'no JSON'));
  assert.equal(await run('replay', 'm2'), 0);
  assert.equal(await run('replay'), 1);
  assert.equal(terminal.stdout, '1\n1\n');
  assert.match(terminal.stderr, /1 stay parked/);
  assert.equal(ports.parkedMessages.length, 1);
});

test('purge throws away all or the named, and prints how many', async () => {
  const { run, terminal, ports } = stage(parked('m1'), parked('m2'), parked('m3'));
  assert.equal(await run('purge', 'm2', 'gone'), 0);
  assert.equal(await run('purge'), 0);
  assert.deepEqual([terminal.stdout, ports.parkedMessages], ['1\n2\n', []]);
});
