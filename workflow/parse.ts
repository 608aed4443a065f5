import type { NodeDefinition, WorkflowDefinition, WorkflowSettings } from './definition.ts';
import { workflowErrors } from './errors-of-workflow.ts';
import type { TroupeError } from './errors.ts';
import { IssueList, shown } from './issues.ts';
import type { Item, JsonObject } from './items.ts';
import type { JsonFault } from './json-check.ts';
import { isJsonObject, jsonFault } from './json-check.ts';
import { NODES_PER_WORKFLOW, WORKFLOW_JSON_DEPTH, WORKFLOW_JSON_VALUES } from './limits.ts';
import { parseConnections } from './parse-connections.ts';
import { parseNode } from './parse-node.ts';
import { parseConcurrency, parseRateLimit } from './parse-run-limits.ts';
import { parsePlacement } from './parse-placement.ts';

const DEFAULT_ZONE = 'America/New_York';
const DEFAULT_NAME = 'My workflow';

const FAULTS: Record<JsonFault['kind'], { message: (path: string) => string; hint: string }> = {
  tooDeep: {
    message: (path) => `${path} is nested too deep`,
    hint: `Nest at most ${WORKFLOW_JSON_DEPTH} objects and arrays.`,
  },
  tooMany: {
    message: (path) => `The JSON holds too many values, counted up to ${path}`,
    hint: `At most ${WORKFLOW_JSON_VALUES} values; keep pinned data small.`,
  },
  forbiddenKey: { message: (path) => `${path} is not allowed as a key`, hint: 'Rename the key.' },
  notJson: {
    message: (path) => `${path} is not JSON`,
    hint: 'Use objects, arrays, text, finite numbers, true, false, null.',
  },
};

function invalid(issues: IssueList): TroupeError {
  return workflowErrors.WORKFLOW_INVALID({ issues: issues.issues });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value;
}

/** The checks that must hold before anything is read out of the JSON. */
function checkedRoot(json: unknown): JsonObject {
  const issues = new IssueList();
  const root: unknown = Array.isArray(json) && json.length === 1 ? json[0] : json;
  if (!isJsonObject(root)) {
    issues.error('', `The workflow is not an object but ${kindOf(root)}`, 'Give one workflow as n8n exports it.');
    throw invalid(issues);
  }
  const fault = jsonFault(root, { depth: WORKFLOW_JSON_DEPTH, values: WORKFLOW_JSON_VALUES });
  if (fault === undefined) return root;
  const row = FAULTS[fault.kind];
  // A path can be as long as the nesting that it blames.
  const path = fault.path.length > 200 ? `${fault.path.slice(0, 199)}…` : fault.path;
  issues.error(path, row.message(path), row.hint);
  throw invalid(issues);
}

function parseNodes(raw: unknown, issues: IssueList): Map<string, NodeDefinition> {
  const nodes = new Map<string, NodeDefinition>();
  if (!Array.isArray(raw)) {
    issues.error('nodes', `nodes is ${raw === undefined ? 'missing' : shown(raw)}`, 'A workflow has a list of nodes.');
    return nodes;
  }
  if (raw.length > NODES_PER_WORKFLOW) {
    issues.error('nodes', `The workflow has ${raw.length} nodes`, `At most ${NODES_PER_WORKFLOW}; use sub-workflows.`);
    return nodes;
  }
  const takenIds = new Set<string>();
  raw.forEach((entry: unknown, index) => {
    const node = parseNode(entry, index, takenIds, issues);
    if (node === undefined) return;
    if (nodes.has(node.name)) {
      const message = `Two nodes are named "${node.name}"`;
      issues.error(`nodes[${index}].name`, message, 'Names are unique; rename one of them.', node.name);
    } else nodes.set(node.name, node);
  });
  return nodes;
}

function orderOf(raw: JsonObject, issues: IssueList): 'v0' | 'v1' {
  const order = raw['executionOrder'] ?? 'v0';
  if (order === 'v0' || order === 'v1') return order;
  issues.error('settings.executionOrder', `settings.executionOrder is ${shown(order)}`, 'Give "v0" or "v1".');
  return 'v0';
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function zoneOf(raw: JsonObject, issues: IssueList): string {
  const zone = raw['timezone'] ?? 'DEFAULT';
  if (zone === 'DEFAULT' || zone === '') return DEFAULT_ZONE;
  if (typeof zone === 'string' && isZone(zone)) return zone;
  issues.error('settings.timezone', `settings.timezone is ${shown(zone)}`, 'Give an IANA zone, such as Europe/Berlin.');
  return DEFAULT_ZONE;
}

function durabilityOf(raw: JsonObject, issues: IssueList): WorkflowSettings['durability'] {
  const durability = raw['durability'] ?? 'before-effects';
  if (durability === 'before-effects' || durability === 'every-node') return durability;
  const message = `settings.durability is ${shown(durability)}`;
  issues.error('settings.durability', message, 'Give "before-effects" or "every-node".');
  return 'before-effects';
}

function parseSettings(value: unknown, issues: IssueList): WorkflowSettings {
  if (value !== undefined && value !== null && !isJsonObject(value)) {
    issues.error('settings', `settings is ${shown(value)}`, 'settings is an object.');
  }
  const raw: JsonObject = isJsonObject(value) ? value : {};
  const { errorWorkflow, executionTimeout } = raw;
  const handled = typeof errorWorkflow === 'string' && errorWorkflow !== '' && errorWorkflow !== 'DEFAULT';
  // n8n writes -1 for "no limit".
  const limited = typeof executionTimeout === 'number' && executionTimeout > 0;
  const placed = { field: 'settings.placement', of: 'The workflow', issues };
  const placement = parsePlacement(raw['placement'], placed);
  const concurrency = parseConcurrency(raw['concurrency'], issues);
  const rateLimit = parseRateLimit(raw['rateLimit'], issues);
  return {
    executionOrder: orderOf(raw, issues),
    timezone: zoneOf(raw, issues),
    ...(handled ? { errorWorkflow } : {}),
    ...(limited ? { executionTimeoutSeconds: executionTimeout } : {}),
    durability: durabilityOf(raw, issues),
    ...(placement === undefined ? {} : { placement }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    raw,
  };
}

function pinnedItem(raw: unknown): Item {
  if (!isJsonObject(raw)) return { json: {} };
  if (!isJsonObject(raw['json'])) return { json: raw };
  const { json, binary, pairedItem } = raw as JsonObject & Item;
  return { json, ...(binary === undefined ? {} : { binary }), ...(pairedItem === undefined ? {} : { pairedItem }) };
}

function parsePins(raw: unknown, names: ReadonlySet<string>, issues: IssueList): Map<string, readonly Item[]> {
  const pins = new Map<string, readonly Item[]>();
  if (raw === undefined || raw === null) return pins;
  if (!isJsonObject(raw)) {
    issues.error('pinData', `pinData is ${shown(raw)}`, 'pinData maps node names to lists of items.');
    return pins;
  }
  for (const [name, items] of Object.entries(raw)) {
    // Pins of nodes that were deleted stay behind in exports; they mean nothing.
    if (!names.has(name)) continue;
    if (Array.isArray(items)) pins.set(name, items.map(pinnedItem));
    else
      issues.error(
        `pinData[${JSON.stringify(name)}]`,
        `The pinned data of "${name}" is not a list`,
        'Pin a list of items.',
        name,
      );
  }
  return pins;
}

/**
 * Reads n8n's workflow JSON (an export, or an element of an export list) and fills in n8n's defaults. Cycles are
 * allowed; node types are not looked up, see `validateWorkflow`. The input is kept as `source` and must not be
 * changed afterwards.
 *
 * `options.id` wins over the JSON's `id`; without both the id is ''.
 *
 * Throws one WORKFLOW_INVALID with all faults in `details.issues` (at most ISSUES_PER_REPORT).
 */
export function parseWorkflow(json: unknown, options: { id?: string } = {}): WorkflowDefinition {
  const source = checkedRoot(json);
  const issues = new IssueList();
  const node = parseNodes(source['nodes'], issues);
  const names = new Set(node.keys());
  const connections = parseConnections(source['connections'], node, issues);
  const settings = parseSettings(source['settings'], issues);
  const pinData = parsePins(source['pinData'], names, issues);
  if (issues.issues.length > 0) throw invalid(issues);
  const { id, name } = source;
  return {
    id: options.id ?? (typeof id === 'string' || typeof id === 'number' ? String(id) : ''),
    name: typeof name === 'string' && name.trim() !== '' ? name : DEFAULT_NAME,
    nodes: [...node.values()],
    node,
    connections,
    settings,
    pinData,
    source,
  };
}
