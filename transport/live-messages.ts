import type { JsonObject, JsonValue } from '#workflow';
import type { TreeDepth } from './hub.ts';
import type { RelayLimits } from './limits.ts';
import type { LiveEvent, TreeEvent } from './live-event.ts';

/**
 * What members tell one another about live streams; see PROTOCOL.md for the envelope. The sender may be of another
 * version: what is not of this form is left out, and the journal has it.
 *
 *   told   interest   {runs?: [id…], workflows?: [id…], tree?: 'all' | 'lasting', ttlMs}
 *   told   live       {events?: [LiveEvent…], tree?: [TreeEvent…]}
 */
export interface Interest {
  readonly runs: readonly string[];
  readonly workflows: readonly string[];
  readonly tree: TreeDepth | undefined;
  readonly ttlMs: number;
}

/** Longest id of a run or workflow that is taken. */
const TOPIC_CHARACTERS = 128;

/** What another member watches; empty where nothing of it is understood. */
export function interestIn(body: JsonObject, limits: RelayLimits): Interest {
  const { tree, ttlMs } = body;
  return {
    runs: topicsIn(body['runs'], limits),
    workflows: topicsIn(body['workflows'], limits),
    tree: tree === 'all' || tree === 'lasting' ? tree : undefined,
    ttlMs: typeof ttlMs === 'number' && ttlMs > 0 ? Math.min(ttlMs, limits.INTEREST_TTL_MS) : limits.INTEREST_TTL_MS,
  };
}

function topicsIn(value: JsonValue | undefined, { INTEREST_TOPICS }: RelayLimits): string[] {
  return listOf(value).slice(0, INTEREST_TOPICS).filter(isTopic);
}

function isTopic(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= TOPIC_CHARACTERS;
}

/** The run events of a `live` message. */
export function eventsIn(body: JsonObject): LiveEvent[] {
  return listOf(body['events']).filter(isLiveEvent);
}

/** The tree events of a `live` message. */
export function treeEventsIn(body: JsonObject): TreeEvent[] {
  return listOf(body['tree']).filter(isTree);
}

const RUN_EVENTS: ReadonlySet<unknown> = new Set<LiveEvent['type']>([
  'execution.started',
  'execution.waiting',
  'execution.resumed',
  'execution.finished',
  'execution.failed',
  'execution.canceled',
  'node.started',
  'node.finished',
  'node.failed',
  'node.retrying',
]);

function isLiveEvent(value: unknown): value is LiveEvent {
  if (typeof value !== 'object' || value === null) return false;
  const event: Partial<Record<string, unknown>> = { ...value };
  const { executionId, workflowId, seq, type, at } = event;
  const named = typeof executionId === 'string' && typeof workflowId === 'string' && typeof at === 'number';
  return named && Number.isSafeInteger(seq) && Number(seq) > 0 && RUN_EVENTS.has(type);
}

/** Kinds of tree events that members tell one another, with the fields that whoever shows them relies on. */
const TREE_EVENTS: Readonly<Record<string, readonly string[]>> = {
  'actor.started': ['path', 'kind'],
  'actor.stopped': ['path', 'kind', 'reason'],
  'actor.restarted': ['path', 'kind', 'cause'],
  'actor.quarantined': ['path', 'kind', 'cause'],
  'breaker.opened': ['breaker'],
  'breaker.halfOpen': ['breaker'],
  'breaker.closed': ['breaker'],
};

function isTree(value: unknown): value is TreeEvent {
  if (typeof value !== 'object' || value === null) return false;
  const type: unknown = Reflect.get(value, 'type');
  const fields = typeof type === 'string' && Object.hasOwn(TREE_EVENTS, type) ? TREE_EVENTS[type] : undefined;
  return fields?.every((field) => typeof Reflect.get(value, field) === 'string') ?? false;
}

function listOf(value: JsonValue | undefined): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
