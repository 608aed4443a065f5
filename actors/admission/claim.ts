import { createHash } from 'node:crypto';
import { evaluateText, isExpression, makeScene, type ExecutionMode } from '#workflow';
import type { SlotClaim } from '#runtime';
import type { StartRequest } from '../engine.ts';
import { KEY_CHARACTERS } from './limits.ts';

/** Production runs, as n8n's own limit counts them; runs of people, sub-workflows and error workflows are exempt. */
const LIMITED: ReadonlySet<ExecutionMode> = new Set(['webhook', 'trigger']);

/** True when starts of this mode queue under the limits of the workflow, if it has any. */
export function isLimited({ workflow: { settings }, mode }: Pick<StartRequest, 'workflow' | 'mode'>): boolean {
  return (settings.concurrency !== undefined || settings.rateLimit !== undefined) && LIMITED.has(mode);
}

/**
 * What a start claims under the limits of its workflow. Keys are evaluated on the first item that the trigger gets; one
 * that gives nothing, or has no item, is the empty key. Throws EXPRESSION_* where the expression itself cannot be evaluated.
 */
export function claimOf(request: StartRequest, at: { executionId: string; now: number }): SlotClaim {
  const { concurrency, rateLimit } = request.workflow.settings;
  const claim: { -readonly [K in keyof SlotClaim]: SlotClaim[K] } = {};
  if (concurrency) {
    claim.concurrency = { key: keyOf(concurrency.key, 'concurrency', request, at), limit: concurrency.limit };
  }
  if (rateLimit) {
    const { limit, perMs } = rateLimit;
    claim.rate = { key: keyOf(rateLimit.key, 'rateLimit', request, at), limit, perMs };
  }
  return claim;
}

function keyOf(
  text: string | undefined,
  setting: string,
  { workflow, trigger, mode, items }: StartRequest,
  at: { executionId: string; now: number },
): string {
  if (!isExpression(text)) return asKey(text);
  const node = workflow.node.get(trigger);
  if (node === undefined || items.length === 0) return '';
  const scene = makeScene({ workflow, node, run: 0, runData: new Map(), inputs: [items], sources: [], mode, ...at });
  return asKey(evaluateText(text, scene, 0, { parameter: `settings.${setting}.key` }));
}

/** A key as it is stored: short, and without the one character that the database cannot hold. */
function asKey(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  if (text.length <= KEY_CHARACTERS && !text.includes('\0')) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
