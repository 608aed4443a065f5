import { type Issue, TroupeError } from '#workflow';
import type { Terminal } from '../terminal.ts';

/** All commands end with one of these. */
export const EXIT = { ok: 0, failed: 1, badInput: 2 } as const;

/**
 * Prints an error for a person, one line per fault with its place, and gives the exit code: 2 when what we were given
 * is at fault, 1 for the rest. `file` is named before each line, except for rows whose message names it already.
 */
export function complain(terminal: Terminal, error: unknown, file?: string): 1 | 2 {
  if (!(error instanceof TroupeError)) {
    terminal.say(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT.failed;
  }
  const place = file === undefined || error.code.startsWith('CLI_') ? '' : `${file}: `;
  for (const line of linesOf(error)) terminal.say(`${place}${line}\n`);
  return error.status < 500 || error.code === 'CONFIG_INVALID' ? EXIT.badInput : EXIT.failed;
}

/** One line per issue of an invalid workflow (node, field, fault, remedy), else message and hint. */
function linesOf(error: TroupeError): string[] {
  const issues = error.details['issues'];
  if (error.code === 'WORKFLOW_INVALID' && Array.isArray(issues)) return issues.map(issueLine);
  return [`${error.message} [${error.code}]${error.hint === undefined ? '' : `\n  ${error.hint}`}`];
}

/** `node "Name", field nodes[3].position: what is wrong. How to mend it.` */
export function issueLine({ node, field, message, hint }: Issue): string {
  const place = [...(node === undefined ? [] : [`node "${node}"`]), ...(field === '' ? [] : [`field ${field}`])];
  const end = message.endsWith('.') ? '' : '.';
  return `${place.length === 0 ? '' : `${place.join(', ')}: `}${message}${end} ${hint}`.trimEnd();
}
