import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { JsonObject } from '#workflow';
import { runCli } from './program.ts';
import { TwinPorts, TwinTerminal } from './testing/twins.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(content: unknown): string {
  files += 1;
  const path = join(folder, `${files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function node(name: string, type: string, more: JsonObject = {}): JsonObject {
  return { id: name, name, type, typeVersion: 1, position: [0, 0], parameters: {}, ...more };
}

function workflow(
  name: string,
  nodes: JsonObject[] = [node('Start', 'manualTrigger')],
  more: JsonObject = {},
): JsonObject {
  return { name, nodes, connections: {}, settings: { executionOrder: 'v1' }, ...more };
}

interface Stage {
  ports: TwinPorts;
  terminal: TwinTerminal;
  run: (...argv: string[]) => Promise<number>;
}

function stage(): Stage {
  const ports = new TwinPorts();
  const terminal = new TwinTerminal();
  return { ports, terminal, run: (...argv) => runCli(argv, ports, terminal) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('run prints the contract’s run data and ends with 0 when the run succeeded', async () => {
  const { run, terminal, ports } = stage();
  const file = fileOf(workflow('a'));
  assert.equal(await run('run', file, '--output', 'json', '--input', '{"x":1}'), 0);
  assert.deepEqual(JSON.parse(terminal.stdout), {
    file,
    executionId: '1',
    status: 'success',
    startedAt: '1970-01-01T00:00:01.000Z',
    stoppedAt: '1970-01-01T00:00:01.005Z',
    data: {
      resultData: {
        lastNodeExecuted: 'Start',
        runData: {
          Start: [
            {
              startTime: 1000,
              executionTime: 5,
              executionIndex: 0,
              executionStatus: 'success',
              source: [],
              data: { main: [[{ json: { x: 1 } }]] },
            },
          ],
        },
      },
    },
  });
  assert.equal(terminal.stderr, '');
  assert.equal(ports.started[0]?.stops, 1);
});

test('run without --data-dir is on a throw-away database and without HTTP', async () => {
  const { run, ports } = stage();
  await run('run', fileOf(workflow('a')));
  assert.equal(ports.started[0]?.options.throwAway, true);
  assert.equal(ports.started[0]?.options.http, false);
});

test('run with --data-dir keeps its database', async () => {
  const { run, ports } = stage();
  await run('run', fileOf(workflow('a')), '--data-dir', join(folder, 'data'));
  assert.equal(ports.started[0]?.options.throwAway, false);
  assert.equal(ports.started[0]?.options.config.dataDir, join(folder, 'data'));
});

const endings = [
  ['success', 0],
  ['error', 1],
  ['canceled', 1],
  ['waiting', 1],
] as const;
for (const [status, code] of endings) {
  test(`a run that ends ${status} gives exit code ${code}`, async () => {
    const { run, ports } = stage();
    ports.endings = { a: { status } };
    assert.equal(await run('run', fileOf(workflow('a'))), code);
  });
}

test('results come in the order of the files, whatever ends first', async () => {
  const { run, terminal, ports } = stage();
  ports.endings = { slow: 'never' };
  const [slow, quick] = [fileOf(workflow('slow')), fileOf(workflow('quick'))];
  const code = run('run', slow, quick, '--output', 'jsonl', '--timeout', '5');
  while (terminal.timers < 1) await turn();
  await turn();
  assert.equal(terminal.stdout, '');
  terminal.advance(5_000);
  assert.equal(await code, 1);
  const lines = terminal.stdout
    .trimEnd()
    .split('\n')
    .map((line): JsonObject => JSON.parse(line));
  assert.deepEqual(
    lines.map((line) => [line['file'], line['status']]),
    [
      [slow, 'canceled'],
      [quick, 'success'],
    ],
  );
});

test('a run over --timeout is canceled with the limit as its reason', async () => {
  const { run, terminal, ports } = stage();
  ports.endings = { a: 'never' };
  const code = run('run', fileOf(workflow('a')), '--timeout', '0.5');
  while (terminal.timers < 1) await turn();
  terminal.advance(499);
  assert.deepEqual(ports.canceled, []);
  terminal.advance(1);
  assert.equal(await code, 1);
  assert.deepEqual(ports.canceled, ['1: over the time limit of 0.5 s (--timeout)']);
});

test('a signal cancels what runs and starts nothing more', async () => {
  const { run, terminal, ports } = stage();
  ports.endings = { a: 'never' };
  const many = Array.from({ length: 12 }, () => fileOf(workflow('a')));
  const code = run('run', ...many);
  while ((ports.started[0]?.requests.length ?? 0) < 8) await turn();
  await turn();
  terminal.signal('SIGINT');
  assert.equal(await code, 1);
  assert.equal(ports.started[0]?.requests.length, 8);
  assert.equal(ports.canceled.length, 8);
  assert.equal(ports.started[0]?.stops, 1);
  assert.equal(terminal.listening, 0);
});

const broken: readonly [string, unknown, RegExp][] = [
  ['no JSON', '{"nodes": [', /is not JSON \(.*\) \[CLI_JSON_INVALID\]/],
  ['no object', '42', /is no workflow \(the file is no object\) \[CLI_NOT_A_WORKFLOW\]/],
  ['no nodes', { name: 'x' }, /the file has no list "nodes"/],
  ['an empty array', [], /the array is empty/],
  ['no trigger', workflow('x', [node('A', 'noOp')]), /no enabled trigger to start at \[TRIGGER_MISSING\]/],
  [
    'an unknown type',
    workflow('x', [node('Start', 'manualTrigger'), node('Odd', 'noSuchThing')]),
    /node "Odd", field nodes\[1\]\.type: .*noSuchThing/,
  ],
  [
    'an unknown version',
    workflow('x', [node('Start', 'manualTrigger'), node('New', 'noOp', { typeVersion: 99 })]),
    /node "New", field nodes\[1\]\.typeVersion: .*99/,
  ],
  [
    'a missing target',
    workflow('x', undefined, { connections: { Start: { main: [[{ node: 'Gone', type: 'main', index: 0 }]] } } }),
    /field connections.*Gone/,
  ],
  [
    'the same name twice',
    workflow('x', [node('Start', 'manualTrigger'), node('Start', 'noOp')]),
    /node "Start", field nodes\[1\]\.name: /,
  ],
  [
    'a bad position',
    workflow('x', [node('Start', 'manualTrigger', { position: ['a', 0] })]),
    /node "Start", field nodes\[0\]\.position/,
  ],
];
for (const [what, content, expected] of broken) {
  test(`a file with ${what} is bad input: exit 2, naming file and place`, async () => {
    const { run, terminal, ports } = stage();
    const file = fileOf(content);
    assert.equal(await run('run', file), 2);
    assert.match(terminal.stderr, expected);
    assert.ok(terminal.stderr.startsWith(`${file}: `), terminal.stderr);
    assert.equal(terminal.stderr.split(file).length, 2, 'the file is named once');
    assert.equal(ports.started.length, 0, 'nothing was started for it');
  });
}

test('a file that is not there is bad input', async () => {
  const { run, terminal } = stage();
  assert.equal(await run('run', join(folder, 'none.json')), 2);
  assert.match(terminal.stderr, /none\.json: cannot be read \(ENOENT/);
});

test('a bad file among good ones is reported in its place; the good ones run; exit 2', async () => {
  const { run, terminal, ports } = stage();
  const [bad, good] = [fileOf('{'), fileOf(workflow('good'))];
  assert.equal(await run('run', bad, good, '--output', 'jsonl'), 2);
  const lines = terminal.stdout
    .trimEnd()
    .split('\n')
    .map((line): JsonObject => JSON.parse(line));
  assert.deepEqual(
    lines.map((line) => [line['file'], line['status'], line['executionId']]),
    [
      [bad, 'error', null],
      [good, 'success', '1'],
    ],
  );
  assert.equal(ports.started[0]?.requests.length, 1);
});

test('of a file with several workflows all are stored and the first one runs', async () => {
  const { run, ports } = stage();
  assert.equal(await run('run', fileOf([workflow('main'), workflow('sub', undefined, { id: 'sub' })])), 0);
  assert.deepEqual(
    ports.saved.map((json) => json['name']),
    ['main', 'sub'],
  );
  assert.deepEqual(
    ports.started[0]?.requests.map((request) => request.workflow.name),
    ['main'],
  );
});

test('--trigger names the node to start at; an unknown one is bad input', async () => {
  const { run, terminal, ports } = stage();
  const file = fileOf(workflow('a', [node('One', 'manualTrigger'), node('Two', 'webhook')]));
  assert.equal(await run('run', file, '--trigger', 'Two'), 0);
  assert.equal(ports.started[0]?.requests[0]?.trigger, 'Two');
  assert.equal(await run('run', file, '--trigger', 'two'), 2);
  assert.match(terminal.stderr, /"two".*\[TRIGGER_UNKNOWN\]/);
});

const inputs: readonly [string, unknown][] = [
  ['{"a":1}', [{ json: { a: 1 } }]],
  ['[{"a":1},{"a":2}]', [{ json: { a: 1 } }, { json: { a: 2 } }]],
  ['{"json":{"a":1}}', [{ json: { a: 1 } }]],
  ['{"json":{"a":1},"b":2}', [{ json: { json: { a: 1 }, b: 2 } }]],
  ['[]', []],
];
for (const [input, items] of inputs) {
  test(`--input ${input} gives these items`, async () => {
    const { run, ports } = stage();
    assert.equal(await run('run', fileOf(workflow('a')), '--input', input), 0);
    assert.deepEqual(ports.started[0]?.requests[0]?.items, items);
  });
}

test('--input @FILE reads the file', async () => {
  const { run, ports } = stage();
  assert.equal(await run('run', fileOf(workflow('a')), '--input', `@${fileOf({ from: 'file' })}`), 0);
  assert.deepEqual(ports.started[0]?.requests[0]?.items, [{ json: { from: 'file' } }]);
});

test('input of a webhook is its body, unless it has the parts of a call', async () => {
  const { run, ports } = stage();
  const file = fileOf(workflow('a', [node('Hook', 'webhook')]));
  await run('run', file, '--input', '{"order":7}');
  await run('run', file, '--input', '{"body":{"order":7},"query":{"q":"1"}}');
  assert.deepEqual(
    ports.started.map((member) => member.requests[0]?.items[0]?.json),
    [
      { headers: {}, params: {}, query: {}, body: { order: 7 } },
      { body: { order: 7 }, query: { q: '1' } },
    ],
  );
});

for (const input of ['{', '1', '["x"]', '@/no/such/file']) {
  test(`--input ${input} is bad input`, async () => {
    const { run, terminal } = stage();
    assert.equal(await run('run', fileOf(workflow('a')), '--input', input), 2);
    assert.match(terminal.stderr, /CLI_(?:INPUT_INVALID|FILE_UNREADABLE)/);
  });
}

test('the progress tree is for a terminal only', async () => {
  const { run, terminal } = stage();
  const file = fileOf(workflow('a'));
  await run('run', file);
  assert.equal(terminal.stderr, '');
  terminal.watched = true;
  await run('run', file);
  assert.equal(terminal.stderr, `▶ ${file}\n├─ ✔ Start 1 item\n└─ ✔ success\n`);
});

test('pretty output names the failed node and its message', async () => {
  const { run, terminal, ports } = stage();
  ports.endings = { a: { status: 'error', error: { message: 'no route', node: 'Start' } } };
  const file = fileOf(workflow('a'));
  await run('run', file);
  assert.equal(terminal.stdout, `✖ ${file}: error in 5 ms (execution 1)\n  failed at node "Start": no route\n`);
});

for (const argv of [
  [],
  ['run'],
  ['fly'],
  ['run', 'x', '--output', 'xml'],
  ['run', 'x', '--timeout', '0'],
  ['start', '--nope'],
]) {
  test(`"troupe ${argv.join(' ')}" is bad input`, async () => {
    const { run } = stage();
    assert.equal(await run(...argv), 2);
  });
}

for (const argv of [['--help'], ['help', 'run'], ['--version']]) {
  test(`"troupe ${argv.join(' ')}" answers on standard output with exit code 0`, async () => {
    const { run, terminal } = stage();
    assert.equal(await run(...argv), 0);
    assert.notEqual(terminal.stdout, '');
  });
}

test('start prints address, owner and key once, and stops at a signal', async () => {
  const { run, terminal, ports } = stage();
  ports.firstStart = { email: 'me@example.org', password: 'secret-1', apiKey: 'key-1' };
  const code = run('start', '--port', '0', '--host', 'localhost');
  while (terminal.stdout === '') await turn();
  assert.match(terminal.stdout, /http:\/\/localhost:0[\s\S]*me@example\.org[\s\S]*secret-1[\s\S]*key-1/);
  terminal.signal('SIGTERM');
  assert.equal(await code, 0);
  assert.equal(ports.started[0]?.stops, 1);
});

test('a member that has stopped ends its process, whatever still holds it', async () => {
  const { run, terminal } = stage();
  const code = run('start');
  while (terminal.stdout === '') await turn();
  terminal.advance(10_000);
  assert.equal(terminal.exited, undefined);
  terminal.signal('SIGTERM');
  assert.equal(await code, 0);
  assert.equal(terminal.exited, undefined);
  terminal.advance(3_000);
  assert.equal(terminal.exited, 0);
});

test('the same keystroke twice is one; a second one later ends at once', async () => {
  const { run, terminal } = stage();
  const code = run('start');
  while (terminal.stdout === '') await turn();
  terminal.signal('SIGINT');
  terminal.advance(900);
  terminal.signal('SIGINT');
  assert.equal(terminal.exited, undefined);
  terminal.advance(200);
  terminal.signal('SIGINT');
  assert.equal(terminal.exited, 130);
  assert.equal(await code, 0);
});

test('a bad variable stops the start with exit code 2', async () => {
  const { run, terminal, ports } = stage();
  terminal.env['TROUPE_PROT'] = '1';
  assert.equal(await run('start'), 2);
  assert.match(terminal.stderr, /TROUPE_PROT: unknown variable; did you mean PORT\?/);
  assert.equal(ports.started.length, 0);
});

test('import stores every workflow of every file; a bad file does not keep the others out', async () => {
  const { run, terminal, ports } = stage();
  const good = fileOf([workflow('one', undefined, { id: 'a' }), workflow('two')]);
  assert.equal(await run('import', fileOf('{'), good, fileOf(workflow('one', undefined, { id: 'a' }))), 2);
  assert.equal(terminal.stdout, 'a\tone\tcreated\nw2\ttwo\tcreated\na\tone\tversion 2\n');
  assert.equal(ports.booksStopped, 1);
});

test('export gives one object for one id and an array else', async () => {
  const { run, terminal, ports } = stage();
  const [one, two] = [workflow('one', undefined, { id: 'a' }), workflow('two', undefined, { id: 'b' })];
  ports.saved.push(one, two);
  const exported = async (...ids: string[]): Promise<unknown> => {
    terminal.stdout = '';
    assert.equal(await run('export', ...ids), 0);
    return JSON.parse(terminal.stdout);
  };
  assert.deepEqual(await exported('b'), two);
  assert.deepEqual(await exported('b', 'a'), [two, one]);
  assert.deepEqual(await exported(), [one, two]);
  assert.equal(await run('export', 'c'), 2);
  assert.match(terminal.stderr, /"c" \[CLI_WORKFLOW_UNKNOWN\]/);
});

test('user create generates a password, or reads it from standard input', async () => {
  const { run, terminal, ports } = stage();
  assert.equal(await run('user', 'create', '--email', 'a@b', '--role', 'admin'), 0);
  assert.match(terminal.stdout, /a@b \(admin\)\npassword {2}generated/);
  terminal.input = 'from stdin\n';
  await run('user', 'create', '--email', 'c@d', '--password-stdin');
  assert.deepEqual(ports.users, [
    { email: 'a@b', role: 'admin' },
    { email: 'c@d', role: 'member', password: 'from stdin' },
  ]);
});

test('api-key create prints the key alone, for use in scripts', async () => {
  const { run, terminal, ports } = stage();
  assert.equal(await run('api-key', 'create', '--label', 'ci'), 0);
  assert.equal(terminal.stdout, 'the-key\n');
  assert.deepEqual(ports.keys, [{ label: 'ci' }]);
});
