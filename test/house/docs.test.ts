import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { variableTable } from '#cli';
import { floorPlan } from './floor-plan.ts';
import { root } from './sources.ts';

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })];
const folders = [...Object.keys(floorPlan), 'docs', '.ci'].filter((name) => !name.includes('.ts')).join('|');
/** A path of ours in running text or a drawing: `runtime/kernel/`, `api/webhooks/handler.ts`. */
const PATH = new RegExp(String.raw`(?<![\w/.-])(?:${folders})/[\w./-]*[\w/]`, 'g');
const LINK = /\]\((?!https?:|#)([^)#\s]+)/g;

for (const page of pages.toSorted()) {
  const text = readFileSync(join(root, page), 'utf8');

  test(`${page}: every link leads to a file`, () => {
    const broken = [...text.matchAll(LINK)].map(([, path = '']) => join(dirname(page), path));
    assert.deepEqual(
      broken.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });

  test(`${page}: every path of ours exists`, () => {
    const named = [...text.matchAll(PATH)].map(([path]) => path).filter((path) => !path.startsWith('bench/results'));
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
}

test('the README names every variable', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  assert.deepEqual(
    [...variableTable.keys()].filter((name) => !readme.includes(`\`${name}\``)),
    [],
  );
});

test('every decision is listed', () => {
  const list = readFileSync(join(root, 'docs/decisions/README.md'), 'utf8');
  const files = globSync('docs/decisions/2*.md', { cwd: root }).map((path) =>
    path.replaceAll('\\', '/').split('/').at(-1),
  );
  assert.deepEqual(
    files.filter((file) => !list.includes(`(${file})`)),
    [],
  );
});
