import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { root } from '../house/sources.ts';
import { API_KEY, asProcess, END_OF_FILE, type MemberProcess, textOf } from './member.ts';

/** Commands that manage what is stored work beside a member on the same data directory. */

const dataDir = mkdtempSync(join(tmpdir(), 'troupe-books-'));
let member: MemberProcess | undefined;
after(async () => {
  await member?.end('SIGTERM');
  rmSync(dataDir, { recursive: true, force: true });
}, END_OF_FILE);

function troupe(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, TROUPE_DATA_DIR: dataDir };
  const options = { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  const child = spawn(process.execPath, [join(root, 'bin', 'troupe.js'), ...args], options);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

test('import, export and api-key work beside a running member, which sees what they did and goes on', async () => {
  member = await asProcess(dataDir);
  const imported = await troupe('import', 'examples/order-intake.json');
  assert.deepEqual(
    [imported.code, imported.stdout],
    [0, 'example-order-intake\tOrder intake\tcreated\n'],
    imported.stderr,
  );
  const shown = await member.must('GET', '/api/v1/workflows/example-order-intake');
  assert.equal(shown['name'], 'Order intake');
  const exported = await troupe('export', 'example-order-intake');
  assert.equal(exported.code, 0, exported.stderr);
  assert.deepEqual(JSON.parse(exported.stdout).nodes, shown['nodes']);
  const created = await troupe('api-key', 'create');
  assert.equal(created.code, 0, created.stderr);
  const key = /\S{20,}/.exec(created.stdout)?.[0] ?? '';
  const response = await fetch(`${member.base}/api/v1/workflows`, { headers: { 'x-n8n-api-key': key } });
  assert.equal(response.status, 200, `${created.stdout} ${API_KEY}`);
  const run = await member.run('example-order-intake', {
    input: { body: { id: 'A1', total: 5, customer: 'Ada', lines: [] } },
  });
  assert.equal(textOf(run['status']), 'success', JSON.stringify(run['data']));
});

test('they also work when the member was killed and only its database is left, and when nothing runs', async () => {
  await member?.end('SIGKILL');
  const left = await troupe('export', 'example-order-intake');
  assert.equal(left.code, 0, left.stderr);
  member = await asProcess(dataDir);
  assert.equal(await member.end('SIGTERM'), 0);
  member = undefined;
  const alone = await troupe('export', 'example-order-intake');
  assert.deepEqual([alone.code, alone.stdout], [0, left.stdout], alone.stderr);
});
