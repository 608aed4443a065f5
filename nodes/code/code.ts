import type { NodeDefinition } from '#workflow';
import type { NodeContext, NodeType } from '#runtime';

import { choice, parameter, written } from '../schema.ts';
import { textParam } from '../read.ts';
import { errors } from './errors.ts';
import { performAll, performEach } from './performance.ts';

const EACH = 'runOnceForEachItem';
const ALL = 'runOnceForAllItems';

/** The Code node: JavaScript once for all items, or once for each; in a contained process, never in this one. */
export const codeNode: NodeType = {
  type: 'n8n-nodes-base.code',
  displayName: 'Code',
  description: 'Runs JavaScript of the author in a contained process',
  group: 'data',
  versions: [1, 2],
  properties: [
    choice('language', ['javaScript', 'python', 'pythonNative'], { show: { '@version': [2] } }),
    choice('mode', [ALL, EACH]),
    parameter('jsCode', 'code', '', {
      typeOptions: { editor: 'codeNodeEditor' },
      hide: { language: ['python', 'pythonNative'] },
    }),
    parameter('pythonCode', 'code', '', { show: { language: ['python', 'pythonNative'] } }),
  ],
  facts: (node) => ({
    type: codeNode.type,
    trigger: false,
    inputs: 1,
    outputs: 1,
    requiredInputs: 'any',
    effect: mayAct(node, 'jsCode') ? 'external' : 'none',
  }),
  async execute(context) {
    const language = textParam(context, 'language', 0, 'javaScript');
    if (language !== 'javaScript') throw errors.CODE_LANGUAGE_NOT_SUPPORTED({ language });
    const source = sourceOf(context, 'jsCode');
    if (textParam(context, 'mode', 0, ALL) !== EACH) return performAll(context, source, 'code');
    refuseAllItems(source);
    return performEach(context, source, 'code');
  },
};

/** The code as the author wrote it: it is never an expression, even where it begins with `=`. */
export function sourceOf(context: NodeContext, name: string): string {
  const raw = context.node.parameters[name];
  return typeof raw === 'string' ? raw : '';
}

/** Whether the code can act on the world: then its intent is committed before it runs. */
export function mayAct(node: NodeDefinition, name: string): boolean {
  const source = written(node, name);
  return typeof source === 'string' && /helpers\s*(\.|\?\.|\[)\s*['"`]?(httpRequest|request)/.test(source);
}

/** In a run per item the other items are out of reach; n8n says so before the code begins. */
function refuseAllItems(source: string): void {
  for (const [index, text] of source.split('\n').entries()) {
    if (text.trimStart().startsWith('//')) continue;
    const method = /\$input\.(first|last|all|itemMatching)\b/.exec(text)?.[1];
    if (method === undefined) continue;
    throw errors.CODE_RETURN_INVALID({
      problem: `Can't use .${method}() here`,
      description: "This is only available in 'Run Once for All Items' mode",
      line: index + 1,
      item: 0,
    });
  }
}
