/** Writes `docs/errors.md` anew; run it after adding or changing a row. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from './errors-page.ts';
import { root } from './sources.ts';

writeFileSync(join(root, 'docs', 'errors.md'), await errorsPage());
