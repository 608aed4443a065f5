import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { errorTable } from '#workflow';
import { errorsPage } from './errors-page.ts';
import { root } from './sources.ts';

test('docs/errors.md lists exactly the rows of the code (mend: node bin/with-node24.js test/house/write-errors.ts)', async () => {
  assert.equal(readFileSync(join(root, 'docs', 'errors.md'), 'utf8'), await errorsPage());
});

test('every row has an upper-case code, a message and a status of HTTP', async () => {
  await errorsPage();
  for (const [code, row] of errorTable()) {
    assert.match(code, /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/);
    assert.ok(row.status >= 400 && row.status < 600, `${code}: ${row.status}`);
    assert.ok(row.hint !== '', `${code}: an empty hint`);
  }
});
