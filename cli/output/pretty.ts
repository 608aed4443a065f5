import type { RunReport } from '#actors';
import type { Item } from '#workflow';

/** Items of the last node that are shown to a person. */
const ITEMS_SHOWN = 20;

const SIGNS = { success: '✔', error: '✖', canceled: '■', waiting: '…', running: '…' } as const;

/** A run for people: how it ended, and what its last node gave. */
export function pretty(file: string, report: RunReport): string {
  const { status, startedAt, stoppedAt, error, lastNodeExecuted } = report;
  const took = stoppedAt === undefined ? '' : ` in ${stoppedAt - startedAt} ms`;
  const head = `${SIGNS[status]} ${file}: ${status}${took} (execution ${report.executionId})\n`;
  if (error !== undefined) {
    const at = error.node === undefined ? '' : ` at node "${error.node}"`;
    return `${head}  failed${at}: ${error.message}\n`;
  }
  if (lastNodeExecuted === undefined) return head;
  const items = lastItems(report, lastNodeExecuted);
  const shown = items.slice(0, ITEMS_SHOWN).map((item) => indent(JSON.stringify(item.json, null, 2)));
  const more = items.length > ITEMS_SHOWN ? `  … and ${items.length - ITEMS_SHOWN} more\n` : '';
  const count = `${items.length} item${items.length === 1 ? '' : 's'}`;
  return `${head}  ${lastNodeExecuted} gave ${count}\n${shown.map((text) => `${text}\n`).join('')}${more}`;
}

/** Items of the last run of a node, all outputs together. */
function lastItems(report: RunReport, node: string): readonly Item[] {
  return (report.runData.get(node)?.at(-1)?.outputs ?? []).flatMap((items) => items ?? []);
}

const indent = (text: string): string => text.replace(/^/gm, '  ');
