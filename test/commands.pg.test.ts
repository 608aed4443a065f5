import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '#workflow';
import { root } from './house/sources.ts';

/** The commands as people call them: real processes, the embedded PostgreSQL, a real port. */

const folder = mkdtempSync(join(tmpdir(), 'troupe-commands-'));
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function troupe(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(root, 'bin', 'troupe.js'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const { promise, resolve } = Promise.withResolvers<Ended>();
  child.on('close', (code) => {
    children.delete(child);
    resolve({ code, stdout, stderr });
  });
  return { child, ended: promise };
}

const linesOf = (text: string): RunOutput[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line): RunOutput => JSON.parse(line));

/** Example, and the items of its last node. */
const examples: readonly [string, JsonObject[]][] = [
  [
    'customers-with-orders-merge',
    [
      { total: 310.5, line: 'Ada (Oslo): order 13 over 310.5' },
      { total: 80, line: 'Cy (Graz): order 12 over 80' },
      { total: 0, line: 'Bo (Bern): no order' },
    ],
  ],
  [
    'daily-stock-report',
    [
      { sku: 'CORD-1', stock: 0, least: 25, order: 50 },
      { sku: 'LAMP-2', stock: 3, least: 10, order: 17 },
    ],
  ],
  ['exchange-rates-http-retry', [{ source: 'last known', eur: 250, usd: 270, chf: 240 }]],
  [
    'invoice-reminders-loop',
    [
      {
        sent: 7,
        firm: 3,
        open: 595,
        subjects: [0, 9, 18, 27, 36, 45, 54].map(
          (days, index) => `Invoice ${2000 + index}: ${(40 + index * 15).toFixed(2)} EUR open for ${days} days`,
        ),
      },
    ],
  ],
  [
    'order-intake',
    [{ orderId: 'unknown', handling: 'automatic', total: 0, message: 'Your order unknown leaves tomorrow.' }],
  ],
  [
    'payments-error-path',
    [
      {
        booked: 2,
        amount: 138.5,
        refused: ['2: no account given [line 2]', '3: amount must be positive [line 3]'],
      },
    ],
  ],
  ['shipping-quotes-subworkflow', [{ parcels: 3, total: 63.8, cheapest: 'P1' }]],
];

test('run performs every example, offline, and prints nothing but results on standard output', async () => {
  const files = examples.map(([name]) => `examples/${name}.json`);
  const { code, stdout, stderr } = await troupe(['run', ...files, '--output', 'jsonl', '--timeout', '60']).ended;
  const results = linesOf(stdout).map((line) => [line.file, line.status, lastItems(line)]);
  assert.deepEqual(
    results,
    examples.map(([name, items]) => [`examples/${name}.json`, 'success', items]),
  );
  assert.equal(code, 0, stderr);
});

/** The parts of `--output json` that these tests read. */
interface RunOutput {
  file: string;
  status: string;
  data: {
    resultData: {
      lastNodeExecuted: string;
      error?: { message: string; node: string };
      runData: Record<string, { data?: { main: ({ json: JsonObject } | null)[][] } }[]>;
    };
  };
}

/** `json` of all items that the last run of the last node gave. */
function lastItems({ data: { resultData } }: RunOutput): unknown {
  const lastRun = resultData.runData[resultData.lastNodeExecuted]?.at(-1);
  return lastRun?.data?.main.flat().map((item) => item?.json);
}

function workflowFile(name: string, nodes: JsonObject[], connections: JsonObject = {}): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ id: name, name, nodes, connections, settings: { executionOrder: 'v1' } }));
  return path;
}
const node = (name: string, type: string, typeVersion: number, parameters: JsonObject = {}): JsonObject => ({
  id: name,
  name,
  type: `n8n-nodes-base.${type}`,
  typeVersion,
  position: [0, 0],
  parameters,
});
const to = (target: string): JsonObject => ({ main: [[{ node: target, type: 'main', index: 0 }]] });

test('a run that fails gives exit code 1, and the error with its node', async () => {
  const file = workflowFile(
    'failing',
    [node('Start', 'manualTrigger', 1), node('Stop', 'stopAndError', 1, { errorMessage: 'enough' })],
    { Start: to('Stop') },
  );
  const { code, stdout } = await troupe(['run', file, '--output', 'json']).ended;
  assert.equal(code, 1);
  const run: RunOutput = JSON.parse(stdout);
  assert.equal(run.status, 'error');
  assert.equal(run.data.resultData.error?.message, 'enough');
  assert.equal(run.data.resultData.error?.node, 'Stop');
});

test('a bad file gives exit code 2 with file, node and field, and starts nothing', async () => {
  const file = workflowFile('bad', [node('Start', 'manualTrigger', 1), node('Odd', 'noSuchNode', 1)]);
  const { code, stderr } = await troupe(['run', file]).ended;
  assert.equal(code, 2);
  assert.match(stderr, /bad\.json: node "Odd", field nodes\[1\]\.type: /);
});

test('what import takes, export gives back unchanged', async () => {
  const dir = join(folder, 'books');
  const { ended } = troupe(['import', 'examples/order-intake.json', '--data-dir', dir]);
  const imported = await ended;
  assert.equal(imported.code, 0, imported.stderr);
  assert.equal(imported.stdout, 'example-order-intake\tOrder intake\tcreated\n');
  const exported = await troupe(['export', 'example-order-intake', '--data-dir', dir]).ended;
  const original: JsonObject = JSON.parse(readFileSync(join(root, 'examples', 'order-intake.json'), 'utf8'));
  const back: JsonObject = JSON.parse(exported.stdout);
  for (const key of ['id', 'name', 'nodes', 'connections', 'settings']) assert.deepEqual(back[key], original[key]);
});

const KEY = 'commands-test-0123456789';

interface Server {
  child: ChildProcess;
  base: string;
  ended: Promise<Ended>;
}

async function startServer(dir: string): Promise<Server> {
  const { child, ended } = troupe(['start', '--port', '0', '--data-dir', dir], {
    TROUPE_API_KEY: KEY,
    LOG_LEVEL: 'warn',
  });
  const base = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: string) => {
      said += chunk;
      const address = /ready: (http:\/\/\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
  return { child, base, ended };
}

async function call(server: Server, method: string, path: string, body?: object): Promise<JsonObject> {
  const response = await fetch(server.base + path, {
    method,
    headers: { 'x-n8n-api-key': KEY, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

function textOf(value: unknown): string {
  assert.ok(typeof value === 'string');
  return value;
}

test('a run that waits goes on after kill -9 and a new start, and ends once', async () => {
  const dir = join(folder, 'killed');
  const first = await startServer(dir);
  const workflow = {
    name: 'waits',
    nodes: [
      node('Start', 'manualTrigger', 1),
      node('Wait', 'wait', 1.1, { amount: 2, unit: 'seconds' }),
      node('End', 'noOp', 1),
    ],
    connections: { Start: to('Wait'), Wait: to('End') },
    settings: { executionOrder: 'v1' },
  };
  const id = textOf((await call(first, 'POST', '/api/v1/workflows', workflow))['id']);
  const begun = await call(first, 'POST', `/api/v1/workflows/${id}/execute`, { input: { n: 1 } });
  const executionId = textOf(begun['executionId']);
  first.child.kill('SIGKILL');
  await first.ended;
  const second = await startServer(dir);
  for (;;) {
    const run = await call(second, 'GET', `/api/v1/executions/${executionId}`);
    if (run['status'] === 'success') break;
    assert.ok(run['status'] === 'running' || run['status'] === 'waiting', JSON.stringify(run));
    await pause(50);
  }
  const journal = await call(second, 'GET', `/api/v1/executions/${executionId}/journal`);
  const text = JSON.stringify(journal);
  assert.equal(text.split('execution.finished').length, 2, text);
  second.child.kill('SIGTERM');
  assert.equal((await second.ended).code, 0);
});
