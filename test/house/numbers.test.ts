import assert from 'node:assert/strict';
import test from 'node:test';
import { productFolders } from './floor-plan.ts';
import { sources, withoutComments } from './sources.ts';

/** Tables and constants belong together and may be longer. */
const TABLE = /(?:^|[/-])(?:errors|limits|table|tables|schema|properties|migrations?)(?:[-.]|\/)/;
const FILE_LINES_MOST = 500;
const FILE_LINES_MEDIAN = 120;
const FILE_LINES_P90 = 350;

const product = sources().filter((file) => !file.test && productFolders.includes(file.folder));
const linesOf = (text: string): number => text.split('\n').length;

test(`no source file is over ${FILE_LINES_MOST} lines, tables excepted`, () => {
  const long = product.filter((file) => !TABLE.test(file.path) && linesOf(file.text) > FILE_LINES_MOST);
  assert.deepEqual(
    long.map((file) => `${file.path}: ${linesOf(file.text)}`),
    [],
  );
});

test(`half of the source files have at most ${FILE_LINES_MEDIAN} lines, nine of ten at most ${FILE_LINES_P90}`, () => {
  const lengths = product.map((file) => linesOf(file.text)).sort((a, b) => a - b);
  const at = (share: number): number => lengths[Math.floor((lengths.length - 1) * share)] ?? 0;
  assert.ok(at(0.5) <= FILE_LINES_MEDIAN, `median ${at(0.5)}`);
  assert.ok(at(0.9) <= FILE_LINES_P90, `p90 ${at(0.9)}`);
});

/** Runs inside the isolate of user code, where the table is not; its errors are the user's. */
const GUEST = 'nodes/code/runner/guest/';

test('errors are rows of the table: nobody throws a bare Error', () => {
  const ours = product.filter((file) => !file.path.startsWith(GUEST));
  const wrong = ours.flatMap((file) =>
    withoutComments(file.text)
      .split('\n')
      .flatMap((line, index) => (/\bthrow new Error\(/.test(line) ? [`${file.path}:${index + 1}`] : [])),
  );
  assert.deepEqual(wrong, []);
});

test('nothing is left for later: no TODO, FIXME or XXX', () => {
  const wrong = sources()
    .filter((file) => !file.path.startsWith('test/house/'))
    .filter((file) => /\b(?:TODO|FIXME|XXX)\b/.test(file.text))
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});

test('no test is skipped or singled out for good', () => {
  const wrong = sources()
    .filter((file) => file.test && !file.path.startsWith('test/house/'))
    .filter((file) => /\b(?:test|it|describe)\.(?:only|todo)\(/.test(withoutComments(file.text)))
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});
