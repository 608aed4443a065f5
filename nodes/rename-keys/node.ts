import type { NodeContext, NodeType } from '#runtime';
import type { Item } from '#workflow';

import { errors } from '../errors.ts';
import { eachItem, linked } from '../items.ts';
import { getPath, withoutPath, withPath } from '../paths.ts';
import { groupParam, rowsParam } from '../read.ts';
import { collection, facts, rows, text } from '../schema.ts';
import { asText, recordsOf } from '../values.ts';

const type = 'n8n-nodes-base.renameKeys';

/**
 * Gives fields new names. Every row takes its value from the item as it came in, so that two names cannot be swapped
 * (observed in n8n 2.41.1: the second row wins).
 */
function rename(context: NodeContext): Item[] {
  return eachItem(context, (item, index) => {
    const regex = groupParam(context, 'additionalOptions.regexReplacement', index)['replacements'];
    if (recordsOf(regex).length > 0) throw errors.NODE_NOT_SUPPORTED({ feature: 'Rename Keys by regular expression' });
    let json = item.json;
    for (const row of rowsParam(context, 'keys.key', index)) {
      const [from, to] = [asText(row['currentKey']), asText(row['newKey'])];
      const value = from === '' || to === '' || from === to ? undefined : getPath(item.json, from);
      if (value !== undefined) json = withoutPath(withPath(json, to, value), from);
    }
    return { ...linked(item, index), json };
  });
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
