import type { NodeDefinition, OnError } from './definition.ts';
import type { IssueList } from './issues.ts';
import { shown } from './issues.ts';
import { isJsonObject } from './json-check.ts';
import { NAME_CHARACTERS } from './limits.ts';
import { canonicalNodeType } from './node-type-name.ts';
import { parsePlacement } from './parse-placement.ts';

const MAX_TRIES = { least: 2, most: 5, default: 3 };
const WAIT_BETWEEN_TRIES_MS = { least: 0, most: 5_000, default: 1_000 };
const ON_ERROR: readonly OnError[] = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'];

function held(value: unknown, range: { least: number; most: number; default: number }): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return range.default;
  return Math.min(range.most, Math.max(range.least, Math.trunc(value)));
}

/** 64-bit FNV-1a as hex: the same name gives the same id in every process and in the browser. */
export function stableId(name: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < name.length; index++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(name.charCodeAt(index))) * 0x100000001b3n);
  }
  return `node-${hash.toString(16).padStart(16, '0')}`;
}

function nameOf(raw: Record<string, unknown>, field: string, issues: IssueList): string | undefined {
  const { name } = raw;
  if (typeof name !== 'string' || name.trim() === '') {
    issues.error(`${field}.name`, `${field} has no name`, 'Give every node a name that is not blank.');
    return undefined;
  }
  if (name.length > NAME_CHARACTERS) {
    issues.error(`${field}.name`, `The name of ${field} has ${name.length} characters`, `At most ${NAME_CHARACTERS}.`);
    return undefined;
  }
  return name;
}

function typeOf(raw: Record<string, unknown>, at: Place): string {
  const { type } = raw;
  if (typeof type === 'string' && type.trim() !== '') return canonicalNodeType(type.trim());
  at.issues.error(
    `${at.field}.type`,
    `Node "${at.name}" has no type`,
    'Give a node type, such as n8n-nodes-base.set.',
    at.name,
  );
  return '';
}

function versionOf(raw: Record<string, unknown>, at: Place): number {
  const version = raw['typeVersion'] ?? 1;
  if (typeof version === 'number' && Number.isFinite(version) && version > 0) return version;
  const message = `Node "${at.name}" has the type version ${shown(version)}`;
  at.issues.error(`${at.field}.typeVersion`, message, 'Give a number above 0, such as 1 or 3.4.', at.name);
  return 1;
}

function positionOf(raw: Record<string, unknown>, at: Place): readonly [number, number] {
  const position: unknown = raw['position'] ?? [0, 0];
  if (Array.isArray(position) && position.length === 2) {
    const [x, y]: unknown[] = position;
    if (typeof x === 'number' && typeof y === 'number' && Number.isFinite(x) && Number.isFinite(y)) return [x, y];
  }
  const message = `Node "${at.name}" has the position ${shown(position)}`;
  at.issues.error(`${at.field}.position`, message, 'Give two finite numbers: [x, y].', at.name);
  return [0, 0];
}

function onErrorOf(raw: Record<string, unknown>, at: Place): OnError {
  const { onError } = raw;
  if (onError === undefined || onError === null) {
    return raw['continueOnFail'] === true ? 'continueRegularOutput' : 'stopWorkflow';
  }
  const mode = ON_ERROR.find((candidate) => candidate === onError);
  if (mode !== undefined) return mode;
  const message = `Node "${at.name}" has onError ${shown(onError)}`;
  at.issues.error(`${at.field}.onError`, message, `Give one of ${ON_ERROR.join(', ')}.`, at.name);
  return 'stopWorkflow';
}

function objectOf(raw: Record<string, unknown>, key: string, at: Place): NodeDefinition['parameters'] | undefined {
  const value = raw[key] ?? undefined;
  if (value === undefined || isJsonObject(value)) return value;
  const message = `Node "${at.name}" has ${key} ${shown(value)}`;
  at.issues.error(`${at.field}.${key}`, message, `${key} is an object.`, at.name);
  return undefined;
}

interface Place {
  readonly field: string;
  readonly name: string;
  readonly issues: IssueList;
}

/** Ids are parts of idempotency keys, so two nodes must not share one. */
function idOf(raw: Record<string, unknown>, name: string, taken: Set<string>): string {
  const { id } = raw;
  const given = typeof id === 'string' && id !== '' && !taken.has(id);
  const chosen = given ? id : stableId(name);
  taken.add(chosen);
  return chosen;
}

function optionalText<K extends string>(raw: Record<string, unknown>, key: K): Partial<Record<K, string>> {
  const value = raw[key];
  const found: Partial<Record<K, string>> = {};
  if (typeof value === 'string') found[key] = value;
  return found;
}

/**
 * One entry of `nodes`, with n8n's defaults filled in; undefined when it has no usable name. Faults go to `issues`.
 * `takenIds` is extended by the id that was given.
 */
export function parseNode(
  raw: unknown,
  index: number,
  takenIds: Set<string>,
  issues: IssueList,
): NodeDefinition | undefined {
  const field = `nodes[${index}]`;
  if (!isJsonObject(raw)) {
    issues.error(field, `${field} is not an object`, 'Every node is an object with name, type and position.');
    return undefined;
  }
  const name = nameOf(raw, field, issues);
  if (name === undefined) return undefined;
  const at: Place = { field, name, issues };
  const credentials = objectOf(raw, 'credentials', at);
  const placed = { field: `${field}.placement`, of: `Node "${name}"`, node: name, issues };
  const placement = parsePlacement(raw['placement'], placed);
  return {
    id: idOf(raw, name, takenIds),
    name,
    type: typeOf(raw, at),
    typeVersion: versionOf(raw, at),
    position: positionOf(raw, at),
    parameters: objectOf(raw, 'parameters', at) ?? {},
    ...(credentials === undefined ? {} : { credentials }),
    ...optionalText(raw, 'webhookId'),
    ...optionalText(raw, 'notes'),
    disabled: raw['disabled'] === true,
    executeOnce: raw['executeOnce'] === true,
    alwaysOutputData: raw['alwaysOutputData'] === true,
    retryOnFail: raw['retryOnFail'] === true,
    maxTries: held(raw['maxTries'], MAX_TRIES),
    waitBetweenTriesMs: held(raw['waitBetweenTries'], WAIT_BETWEEN_TRIES_MS),
    onError: onErrorOf(raw, at),
    ...(placement === undefined ? {} : { placement }),
  };
}
