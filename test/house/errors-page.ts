import { errorTable } from '#workflow';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { doors } from './floor-plan.ts';
import { root } from './sources.ts';

const HEAD = `# Errors

Every error of Troupe is a row of this table: its code never changes, the message carries the offending value, the
status is what HTTP answers with, *retry* says whether the same call may succeed later, and the hint says how to mend
it. Written by \`node bin/with-node24.js test/house/write-errors.ts\` from the rows in the code; a test holds both
together.

| code | message | status | retry | hint |
|---|---|---|---|---|
`;

/** The whole of \`docs/errors.md\`, from the rows that the folders register when they are loaded. */
export async function errorsPage(): Promise<string> {
  for (const folder of doors) {
    const door = join(root, folder, 'index.ts');
    if (existsSync(door)) await import(pathToFileURL(door).href);
  }
  const rows = [...errorTable()].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = rows.map(([code, row]) => {
    const message = (row.message as (params: unknown) => string)(placeholder('value'));
    return `| \`${code}\` | ${cell(message)} | ${row.status} | ${row.retryable ? 'yes' : 'no'} | ${cell(row.hint ?? '')} |`;
  });
  return `${HEAD}${lines.join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');

/** Reading these of a value does not make a new name: they are how a message formats what it was given. */
const FORMATTING = new Set([
  'join',
  'map',
  'slice',
  'toFixed',
  'toString',
  'trim',
  'at',
  'filter',
  'replace',
  'length',
]);

/** Stands for any parameter of a message: \`{name}\` in text, itself under formatting. */
function placeholder(name: string, top = true): unknown {
  const text = `{${name}}`;
  return new Proxy(() => undefined, {
    apply: () => placeholder(name, false),
    get: (_, key) => {
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'toJSON') return () => text;
      if (key === Symbol.iterator) return () => [placeholder(name, false)][Symbol.iterator]();
      if (typeof key === 'symbol' || FORMATTING.has(key)) return placeholder(name, false);
      return placeholder(top ? key : `${name}.${key}`, false);
    },
  });
}
