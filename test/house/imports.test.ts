import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { doors, floorPlan } from './floor-plan.ts';
import { importsOf, root, type SourceFile, sources } from './sources.ts';

const files = sources();
const folderOf = (path: string): string => path.split('/')[0] ?? path;

/** Where tests of any folder get RabbitMQ, Consul and PostgreSQL from. */
const SERVICES = 'test/services/index.ts';

test('a folder imports only what the floor plan lets it, types included', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => target !== undefined && folderOf(target) !== file.folder)
      .filter(({ target }) => !(file.test && target === SERVICES))
      .filter(({ target }) => !(floorPlan[file.folder] ?? []).includes(folderOf(target ?? '')))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

/** A folder's second door, for the tests of other folders only. */
const isTestDoor = (path: string): boolean => /^[^/]+\/testing\.ts$/.test(path);

test('a folder is entered through its door only; tests may use its testing.ts too', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(
        ({ target }) => target !== undefined && folderOf(target) !== file.folder && doors.includes(folderOf(target)),
      )
      .filter(({ target }) => !(file.test && isTestDoor(target ?? '')))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

test('every import of ours leads to a file', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => target !== undefined && !existsSync(join(root, target)))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

test('one file knows nact', () => {
  // The benchmark measures nact alone, as a ceiling.
  const product = files.filter((file) => file.folder !== 'bench');
  const knowing = product.filter((file) => importsOf(file).some(({ specifier }) => specifier === 'nact'));
  assert.deepEqual(
    knowing.map((file) => file.folder),
    knowing.length === 0 ? [] : ['runtime'],
  );
});

test('there is no import cycle, types included', () => {
  assert.deepEqual(cycleIn(files), []);
});

test('a cycle is found where there is one', () => {
  const file = (path: string, text: string): SourceFile => ({ path, text, folder: 'x', test: false });
  const cycle = cycleIn([
    file('x/a.ts', `import type { B } from './b.ts';`),
    file('x/b.ts', `export * from './c.ts';`),
    file('x/c.ts', `import {\n  a,\n} from './a.ts';`),
    file('x/d.ts', `import { a } from './a.ts';`),
  ]);
  assert.deepEqual(cycle, ['x/a.ts', 'x/b.ts', 'x/c.ts', 'x/a.ts']);
});

/** The first cycle found by depth-first search, as a path that ends where it began; empty when there is none. */
function cycleIn(all: readonly SourceFile[]): string[] {
  const edges = new Map(all.map((file) => [file.path, importsOf(file).flatMap(({ target }) => target ?? [])]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of edges.get(path) ?? []) {
      const found = visit(next, [...trail, path]);
      if (found.length > 0) return found;
    }
    done.add(path);
    return [];
  };
  for (const path of edges.keys()) {
    const found = visit(path, []);
    if (found.length > 0) return found;
  }
  return [];
}
