import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { doors, floorPlan } from './floor-plan.ts';

/** Root of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root, with forward slashes. */
  path: string;
  /** First part of the path: a folder of the floor plan, or `main.ts`. */
  folder: string;
  text: string;
  test: boolean;
}

/** Tests, and what only tests import. */
const TEST = /\.test\.ts$|^test\/|(?:^|\/)(?:testing|test-[\w-]+)(?:\.ts$|\/)/;

/** Every TypeScript and JavaScript file of the floor plan. */
export function sources(): SourceFile[] {
  const globs = Object.keys(floorPlan).map((part) => (part.includes('.') ? part : `${part}/**/*.{ts,js,tsx}`));
  return globSync(globs, { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({
      path,
      folder: path.split('/')[0] ?? path,
      text: readFileSync(join(root, path), 'utf8'),
      test: TEST.test(path),
    }));
}

/** A reference of one file to another, or to a package (`target` absent). */
export interface Import {
  specifier: string;
  /** Path from the root of the file that is meant; absent for packages and built-ins. */
  target?: string;
}

const IMPORT = /^\s*(?:import|export)\b(?:[^;'"`]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** All imports and re-exports of a file, types and dynamic ones included. */
export function importsOf(file: SourceFile): Import[] {
  const specifiers = [...withoutComments(file.text).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
  return specifiers.map((specifier) => {
    const target = resolveInside(file.path, specifier);
    return target === undefined ? { specifier } : { specifier, target };
  });
}

function resolveInside(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier)).replaceAll('\\', '/');
  const door = specifier.startsWith('#') ? specifier.slice(1) : undefined;
  return door !== undefined && doors.includes(door) ? `${door}/index.ts` : undefined;
}

/** The text with comments blanked out, so that an example in a comment is no import. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/^\s*\/\/.*$/gm, '');
}
