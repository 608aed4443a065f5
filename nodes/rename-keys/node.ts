import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject } from '#workflow';

import { errors } from '../errors.ts';
import { eachItem, linked } from '../items.ts';
import { getPath, withoutPath, withPath } from '../paths.ts';
import { groupParam, rowsParam } from '../read.ts';
import { collection, facts, rows, text } from '../schema.ts';
import { asText, recordsOf } from '../values.ts';

const type = 'n8n-nodes-base.renameKeys';

/** Gives fields new names, one after another: a later row sees what an earlier one made. */
function rename(context: NodeContext): Item[] {
  return eachItem(context, (item, index) => {
    const regex = groupParam(context, 'additionalOptions.regexReplacement', index)['replacements'];
    if (recordsOf(regex).length > 0) throw errors.NODE_NOT_SUPPORTED({ feature: 'Rename Keys by regular expression' });
    const json = rowsParam(context, 'keys.key', index).reduce(
      (fields: JsonObject, row) => renamed(fields, asText(row['currentKey']), asText(row['newKey'])),
      item.json,
    );
    return { ...linked(item, index), json };
  });
}

function renamed(fields: JsonObject, from: string, to: string): JsonObject {
  if (from === '' || to === '' || from === to) return fields;
  const value = getPath(fields, from);
  if (value === undefined) return fields;
  return withPath(withoutPath(fields, from), to, value);
}

export const renameKeys: NodeType = {
  type,
  displayName: 'Rename Keys',
  description: 'Gives fields new names.',
  group: 'data',
  versions: [1],
  properties: [
    rows('keys', 'key', [text('currentKey'), text('newKey')]),
    collection('additionalOptions', [
      rows('regexReplacement', 'replacements', [text('searchRegex'), text('replaceRegex')]),
    ]),
  ],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [rename(context)] }),
};
