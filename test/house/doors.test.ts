import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { doors } from './floor-plan.ts';
import { root } from './sources.ts';

const DECLARED =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type) +([A-Za-z_$][\w$]*)/gm;
const RE_EXPORT = /^export (?:type )?(?:\*(?: as \w+)?|\{([^}]*)\}) from '([^']+)';/gm;

interface Exported {
  name: string;
  file: string;
  documented: boolean;
}

for (const folder of doors.filter((name) => existsSync(join(root, name, 'index.ts')))) {
  test(`every export of #${folder} has a doc comment`, () => {
    const bare = exportsOf(join(root, folder, 'index.ts')).filter((entry) => !entry.documented);
    assert.deepEqual(
      bare.map((entry) => `${entry.file.slice(root.length)}: ${entry.name}`),
      [],
    );
  });
}

test('an export without a comment is found', () => {
  assert.deepEqual(
    declaredIn('x.ts', '/** Said. */\nexport const a = 1;\n\nexport function b() {}\n').map((e) => [
      e.name,
      e.documented,
    ]),
    [
      ['a', true],
      ['b', false],
    ],
  );
});

/** What a file exports, followed through its re-exports. */
function exportsOf(file: string): Exported[] {
  const text = readFileSync(file, 'utf8');
  const passedOn = [...text.matchAll(RE_EXPORT)].flatMap(([, names, specifier]) => {
    if (specifier === undefined || !specifier.startsWith('.')) return [];
    const all = exportsOf(join(dirname(file), specifier));
    if (names === undefined) return all;
    const chosen = new Set(
      names.split(',').map((name) =>
        name
          .replace(/^\s*type /, '')
          .split(' as ')[0]
          ?.trim(),
      ),
    );
    return all.filter((entry) => chosen.has(entry.name));
  });
  return [...declaredIn(file, text), ...passedOn];
}

function declaredIn(file: string, text: string): Exported[] {
  return [...text.matchAll(DECLARED)].map((match) => ({
    name: match[1] ?? '',
    file,
    documented: /\*\/\s*$/.test(text.slice(0, match.index)),
  }));
}
