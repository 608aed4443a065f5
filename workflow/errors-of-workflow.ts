import { defineErrors } from './errors.ts';
import type { TroupeError } from './errors.ts';
import type { ItemError } from './items.ts';

/** One fault of a workflow, as data for an editor: where, what, and how to mend it. */
export interface Issue {
  /** `error`: the workflow cannot be saved or run; `warning`: it runs, but hardly as meant. */
  level: 'error' | 'warning';
  /** Name of the node; absent when the fault is the workflow's. */
  node?: string;
  /** Path within the workflow's JSON, such as `nodes[3].position`. */
  field: string;
  message: string;
  hint: string;
}

const ISSUES_NAMED = 3;

function nameFirst(issues: readonly Issue[]): string {
  const named = issues.slice(0, ISSUES_NAMED).map((issue) => issue.message);
  const more = issues.length > ISSUES_NAMED ? ` (and ${issues.length - ISSUES_NAMED} more)` : '';
  return named.join('; ') + more;
}

const known = (versions: readonly number[]): string =>
  versions.length === 0 ? '' : `; versions that exist: ${versions.join(', ')}`;

/** Rows of the language: definition, triggers, run events and limits of a run. */
export const workflowErrors = defineErrors({
  WORKFLOW_INVALID: {
    message: (p: { issues: readonly Issue[] }) => `The workflow is not valid: ${nameFirst(p.issues)}`,
    status: 400,
    retryable: false,
    hint: 'Mend the listed faults; `issues` names node, field and remedy of each.',
  },
  NODE_TYPE_UNKNOWN: {
    message: (p: { node: string; type: string; version: number; versions: readonly number[] }) =>
      `Node "${p.node}" has the type ${p.type} in version ${p.version}, which is not available${known(p.versions)}`,
    status: 400,
    retryable: false,
    hint: 'Use one of the node types of the catalogue, in a version that it lists, or disable the node.',
  },
  NODE_HAS_ISSUES: {
    // In n8n's words.
    message: (p: { node: string; missing: readonly string[] }) =>
      `The '${p.node}' node has issues:\n${p.missing.map((name) => `- Parameter "${name}" is required.`).join('\n')}`,
    status: 422,
    retryable: false,
    hint: 'Fill in the parameter, or disable the node.',
  },
  TRIGGER_MISSING: {
    message: (p: { workflow: string }) => `Workflow "${p.workflow}" has no enabled trigger to start at`,
    status: 400,
    retryable: false,
    hint: 'Add a trigger node, such as a Manual Trigger, or name the node to start at.',
  },
  TRIGGER_UNKNOWN: {
    message: (p: { workflow: string; node: string }) => `Workflow "${p.workflow}" has no node "${p.node}" to start at`,
    status: 400,
    retryable: false,
    hint: 'Give the exact name of a node of the workflow; names are case-sensitive.',
  },
  TRIGGER_DISABLED: {
    message: (p: { node: string }) => `Node "${p.node}" is disabled and cannot start a run`,
    status: 400,
    retryable: false,
    hint: 'Enable the node or start at another one.',
  },
  WEBHOOK_TAKEN: {
    message: (p: { method: string; path: string; workflowId: string }) =>
      `The address ${p.method} ${p.path.slice(0, 200)} belongs to the active workflow ${p.workflowId}`,
    status: 409,
    retryable: false,
    hint: 'Change the path or deactivate that workflow.',
  },
  DESTINATION_UNKNOWN: {
    message: (p: { workflow: string; node: string }) => `Workflow "${p.workflow}" has no node "${p.node}" to run to`,
    status: 400,
    retryable: false,
    hint: 'Give the exact name of a node of the workflow; names are case-sensitive.',
  },
  RUN_EVENT_UNEXPECTED: {
    message: (p: { executionId: string; event: string; expected: string }) =>
      `Execution ${p.executionId} cannot take ${p.event}; expected ${p.expected}`,
    status: 500,
    retryable: false,
    hint: 'The journal and the engine disagree; the execution is quarantined with its events for inspection.',
  },
  RUN_ENDED: {
    message: (p: { executionId: string; status: string; event: string }) =>
      `Execution ${p.executionId} has ended (${p.status}) and cannot take ${p.event}`,
    status: 409,
    retryable: false,
    hint: 'A terminal state never changes; start a new run or retry this one.',
  },
  RUN_ENDLESS_LOOP: {
    message: (p: { node: string; runs: number }) =>
      `The run was stopped at node "${p.node}" after ${p.runs} node runs: it looks like an endless loop`,
    status: 422,
    retryable: false,
    hint: 'Give the loop a condition that ends it, or split the work into sub-workflows.',
  },
  NODE_OUTPUT_TOO_MANY_ITEMS: {
    message: (p: { node: string; items: number; limit: number }) =>
      `Node "${p.node}" returned ${p.items} items; at most ${p.limit} are allowed`,
    status: 422,
    retryable: false,
    hint: 'Work in batches: limit the query or loop over parts of the data.',
  },
  NODE_OUTPUT_TOO_LARGE: {
    message: (p: { node: string; limitBytes: number }) =>
      `Node "${p.node}" returned more than ${p.limitBytes} bytes of data`,
    status: 422,
    retryable: false,
    hint: 'Keep large content in binary data, or work in batches.',
  },
  NODE_OUTPUT_TOO_DEEP: {
    message: (p: { node: string; limit: number }) =>
      `Node "${p.node}" returned data that is nested more than ${p.limit} levels deep`,
    status: 422,
    retryable: false,
    hint: 'Flatten the data, or keep it as text.',
  },
});

/** An error of the table in the form that items and run data carry. */
export function toItemError(error: TroupeError): ItemError {
  const { message, name, code, hint } = error;
  return hint === undefined ? { message, name, code } : { message, name, code, hint };
}
