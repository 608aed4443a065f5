import { split } from './split.ts';

/**
 * A text that will be read as JSON, with its `{{ }}` filled in: objects and lists as JSON text, all else as text. This is
 * how Edit Fields reads its raw JSON; everywhere else an object in a text is `[object Object]`. `evaluate` gets each
 * code as an expression of its own (`={{ code }}`) and must throw for bad ones. A text without leading `=` is returned
 * as it is.
 */
export function renderJson(text: string, evaluate: (expression: string) => unknown): string {
  if (!text.startsWith('=')) return text;
  return split(text)
    .map((chunk) => {
      if (chunk.kind === 'text') return chunk.text;
      const value = evaluate(`={{${chunk.code}${chunk.closed ? '}}' : ''}`);
      if (value === undefined) return '';
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
    })
    .join('');
}
