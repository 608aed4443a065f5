import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { root } from './sources.ts';

/** What only this or that machine has. Written in parts, so that this file does not find itself. */
const MACHINE = [
  `/ho${'me/'}[a-z]`,
  `/ro${'ot/'}`,
  `/Use${'rs/'}[A-Za-z]`,
  `/tm${'p/n24'}`,
  `/wo${'rk/'}(?:main|shared)`,
];
const REGISTRY = 'https://registry.npmjs.org/';

/** Files that git knows, or would take; none where there is no git. */
function ownFiles(): string[] {
  if (!existsSync(join(root, '.git'))) return [];
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  return listed.split('\n').filter((path) => path !== '' && existsSync(join(root, path)));
}

test('no file names a path of somebody’s machine', () => {
  const found = new RegExp(MACHINE.join('|'));
  const wrong = ownFiles().filter(
    (path) => !/\.(?:png|woff2|ico|gz)$/.test(path) && found.test(readFileSync(join(root, path), 'utf8')),
  );
  assert.deepEqual(wrong, []);
});

test('the lockfile names the public registry only', () => {
  const lock: { packages: Record<string, { resolved?: string }> } = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  );
  const foreign = Object.entries(lock.packages).filter(
    ([, entry]) => entry.resolved !== undefined && !entry.resolved.startsWith(REGISTRY),
  );
  assert.deepEqual(
    foreign.map(([name]) => name),
    [],
  );
});
