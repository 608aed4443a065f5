import type { ConnectionTarget, NodeDefinition } from './definition.ts';
import type { IssueList } from './issues.ts';
import { shown } from './issues.ts';
import { isJsonObject } from './json-check.ts';
import { CONNECTIONS_PER_WORKFLOW, PORTS_PER_NODE } from './limits.ts';
import { isStickyNote } from './node-type-name.ts';

type Connections = Map<string, readonly (readonly ConnectionTarget[])[]>;

const SHAPE = 'Connections have the form {"Source": {"main": [[{"node": "Target", "type": "main", "index": 0}]]}}.';

interface Context {
  readonly nodes: ReadonlyMap<string, NodeDefinition>;
  readonly issues: IssueList;
  count: number;
}

function targetOf(raw: unknown, source: string, field: string, context: Context): ConnectionTarget | undefined {
  if (!isJsonObject(raw) || typeof raw['node'] !== 'string') {
    context.issues.error(field, `A connection of "${source}" is ${shown(raw)}`, SHAPE, source);
    return undefined;
  }
  const { node, type, index: rawIndex } = raw;
  // A target of another kind under `main` leads into an AI port and carries no items.
  if (type !== undefined && type !== null && type !== 'main') return undefined;
  const target = context.nodes.get(node);
  if (target === undefined) {
    const message = `"${source}" is connected to "${node}", which does not exist`;
    context.issues.error(field, message, 'Remove the connection or add the node.', source);
    return undefined;
  }
  if (isStickyNote(target.type)) return undefined;
  const input = rawIndex ?? 0;
  if (typeof input !== 'number' || !Number.isInteger(input) || input < 0 || input >= PORTS_PER_NODE) {
    const message = `"${source}" is connected to input ${shown(rawIndex)} of "${node}"`;
    context.issues.error(field, message, `An input is a whole number from 0 to ${PORTS_PER_NODE - 1}.`, source);
    return undefined;
  }
  return { node, input };
}

function outputOf(raw: unknown, source: string, field: string, context: Context): readonly ConnectionTarget[] {
  if (raw === null || raw === undefined) return [];
  if (!Array.isArray(raw)) {
    context.issues.error(field, `An output of "${source}" is ${shown(raw)}`, SHAPE, source);
    return [];
  }
  const targets: ConnectionTarget[] = [];
  raw.forEach((entry: unknown, index) => {
    context.count += 1;
    const target = targetOf(entry, source, `${field}[${index}]`, context);
    if (target !== undefined) targets.push(target);
  });
  return targets;
}

function outputsOf(main: unknown, source: string, field: string, context: Context): (readonly ConnectionTarget[])[] {
  if (main === null || main === undefined) return [];
  if (!Array.isArray(main) || main.length > PORTS_PER_NODE) {
    context.issues.error(field, `The connections of "${source}" are ${shown(main)}`, SHAPE, source);
    return [];
  }
  return main.map((output: unknown, index) => outputOf(output, source, `${field}[${index}]`, context));
}

/**
 * The `main` connections by source name, in the author's order. Connections of other kinds (AI tools, models) carry
 * no items; they stay in the definition's `source`.
 */
export function parseConnections(
  raw: unknown,
  nodes: ReadonlyMap<string, NodeDefinition>,
  issues: IssueList,
): Connections {
  const connections: Connections = new Map();
  if (raw === undefined || raw === null) return connections;
  if (!isJsonObject(raw)) {
    issues.error('connections', `connections is ${shown(raw)}`, SHAPE);
    return connections;
  }
  const context: Context = { nodes, issues, count: 0 };
  for (const [source, kinds] of Object.entries(raw)) {
    const field = `connections[${JSON.stringify(source)}]`;
    if (!isJsonObject(kinds)) {
      issues.error(field, `The connections of "${source}" are ${shown(kinds)}`, SHAPE, source);
    } else if (!nodes.has(source)) {
      const message = `A connection starts at "${source}", which does not exist`;
      issues.error(field, message, 'Remove the connection or add the node.', source);
    } else {
      connections.set(source, outputsOf(kinds['main'], source, `${field}.main`, context));
    }
  }
  if (context.count > CONNECTIONS_PER_WORKFLOW) {
    issues.error(
      'connections',
      `The workflow has ${context.count} connections`,
      `At most ${CONNECTIONS_PER_WORKFLOW}.`,
    );
  }
  return connections;
}
