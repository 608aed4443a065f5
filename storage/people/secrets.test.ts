import { equal, match, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { freshApiKey, freshPassword, freshWorkflowId, hashPassword, passwordFits, sha256Of } from './secrets.ts';

test('a password fits its hash, in either Unicode form, and no other does', async () => {
  const hash = await hashPassword('pass\u00e9');
  equal(await passwordFits('pass\u00e9', hash), true);
  equal(await passwordFits('passe\u0301', hash), true);
  equal(await passwordFits('passe', hash), false);
  equal(await passwordFits('', hash), false);
});

test('the same password has two different hashes, neither of which holds it', async () => {
  const [one, two] = [await hashPassword('secret-word'), await hashPassword('secret-word')];
  notEqual(one, two);
  equal(one.includes('secret-word'), false);
});

test('a malformed hash fits nothing', async () => {
  for (const bad of ['', 'plain', 'scrypt$1', 'bcrypt$1$2$3$a$b']) equal(await passwordFits('x', bad), false);
});

test('a password over the limit is not even hashed', async () => {
  equal(await passwordFits('x'.repeat(2_000), await hashPassword('x')), false);
});

test('fresh keys, passwords and ids have their form and never repeat', () => {
  for (const [make, form] of [
    [freshApiKey, /^troupe_[\w-]{43}$/],
    [freshPassword, /^[\w-]{20}$/],
    [freshWorkflowId, /^[A-Za-z0-9]{16}$/],
  ] as const) {
    match(make(), form);
    equal(new Set(Array.from({ length: 100 }, make)).size, 100);
  }
});

test('a key is kept as SHA-256', () => {
  equal(sha256Of('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
