import { equal, notEqual, throws } from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockDataDir } from './data-dir.ts';

const root = mkdtempSync(join(tmpdir(), 'troupe-lock-'));
after(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `d${(counter += 1)}`);

test('a free directory is made and taken; nobody else gets it until it is given back', () => {
  const dir = fresh();
  const lock = lockDataDir(dir);
  throws(() => lockDataDir(dir), { code: 'DATA_DIR_LOCKED' });
  lock.release();
  lock.release();
  lockDataDir(dir).release();
});

test('the id of a directory stays the same, two directories have different ones', () => {
  const dir = fresh();
  const first = lockDataDir(dir);
  first.release();
  const second = lockDataDir(dir);
  second.release();
  equal(first.dataDirId, second.dataDirId);
  const other = lockDataDir(fresh());
  other.release();
  notEqual(first.dataDirId, other.dataDirId);
});

const held = (change: (holder: Record<string, unknown>) => void): string => {
  const dir = fresh();
  const lock = lockDataDir(dir);
  const holder: Record<string, unknown> = JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'));
  lock.release();
  change(holder);
  writeFileSync(join(dir, 'lock'), JSON.stringify(holder));
  return dir;
};

test('a lock whose process is gone is taken over', () => {
  lockDataDir(held((holder) => Object.assign(holder, { pid: 2 ** 30 }))).release();
});

test('a lock whose pid belongs to a younger process is taken over', { skip: process.platform !== 'linux' }, () => {
  lockDataDir(held((holder) => Object.assign(holder, { start: '1' }))).release();
});

test('a lock of an earlier boot of the machine is taken over', { skip: process.platform !== 'linux' }, () => {
  lockDataDir(held((holder) => Object.assign(holder, { boot: 'another' }))).release();
});

test('half a lock, or no lock at all in the file, is taken over', () => {
  for (const text of ['', '{', '[]', '{"pid":"x"}', 'null']) {
    const dir = held(() => {});
    writeFileSync(join(dir, 'lock'), text);
    lockDataDir(dir).release();
  }
});

test('giving back leaves a lock alone that is no longer ours', () => {
  const dir = fresh();
  const lock = lockDataDir(dir);
  writeFileSync(join(dir, 'lock'), 'of somebody else');
  lock.release();
  equal(existsSync(join(dir, 'lock')), true);
});

test('a directory that cannot be is refused with its reason', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  throws(() => lockDataDir(join(file, 'below')), { code: 'DATA_DIR_UNUSABLE' });
});
