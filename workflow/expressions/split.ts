/** Splits a parameter text into plain text and the code of its `{{ }}`. */

export type Chunk =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly code: string; readonly start: number; readonly closed: boolean };

/** True for a parameter text that holds an expression: it starts with `=`. */
export function isExpression(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('=');
}

/**
 * Grammar, after the leading `=`:
 *
 *     text  = { any | "\{{" | "{{" code "}}" }
 *     code  = everything up to the first "}}"; further "}" right behind belong to it while it has open "{" ("{{{a: 1}}}")
 *
 * As in n8n the closing braces are found without looking into strings, so `{{ "}}" }}` is a syntax error.
 * Positions count from the start of the whole text, the `=` included.
 */
export function split(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let plain = '';
  let at = 1;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    if (open < 0) break;
    if (text[open - 1] === '\\') {
      plain += `${text.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    plain += text.slice(at, open);
    const chunk = code(text, open + 2);
    if (plain !== '') chunks.push({ kind: 'text', text: plain });
    plain = '';
    chunks.push(chunk.chunk);
    at = chunk.next;
  }
  plain += text.slice(at);
  if (plain !== '') chunks.push({ kind: 'text', text: plain });
  return chunks;
}

/** How many `{` of a stretch of text are still open. */
function balance(text: string, from: number, to: number): number {
  let open = 0;
  for (let i = from; i < to; i++) open += text[i] === '{' ? 1 : text[i] === '}' ? -1 : 0;
  return open;
}

function code(text: string, start: number): { chunk: Chunk; next: number } {
  let close = text.indexOf('}}', start);
  while (close > 0 && text[close - 1] === '\\') close = text.indexOf('}}', close + 2);
  if (close < 0) {
    return { chunk: { kind: 'code', code: text.slice(start), start, closed: false }, next: text.length };
  }
  let open = balance(text, start, close);
  while (text[close + 2] === '}' && open > 0) {
    close++;
    open--;
  }
  const body = text.slice(start, close).replaceAll('\\}}', '}}');
  return { chunk: { kind: 'code', code: body, start, closed: true }, next: close + 2 };
}
