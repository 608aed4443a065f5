import { shardOf } from '#cluster';
import type { JsonObject, JsonValue } from '#workflow';
import type { ActorInfo, ActorSystem } from '#runtime';
import type { ExecutionState } from '../engine.ts';
import type { Services } from '../services.ts';
import { executionIdIn, isObject, KINDS } from './bodies.ts';
import type { DeathWatch } from './death-watch.ts';
import { REMOTE_LIMITS } from './limits.ts';

/** What the owner of an execution knows of it beyond the database. */
type Live = NonNullable<ExecutionState['live']>;

type Answer = { kind: 'moved' } | { kind: 'absent' } | ({ kind: 'live' } & Live);

/** Pause before an owner is asked again that did not answer, or said it was another: doubles up to the last. */
const RETRY_FIRST_MS = 50;
const RETRY_LAST_MS = 500;

/** Answers the questions of other members about executions of this one. */
export function answerStates(system: ActorSystem, services: Services): void {
  services.peers.asked(KINDS.state, async (_, body) => {
    const executionId = executionIdIn(body);
    return executionId === undefined ? { kind: 'absent' } : toJson(here(executionId, system, services));
  });
}

/**
 * State of an execution wherever it is performed: its row, and what its owner says. Asks again until
 * STATE_DEADLINE_MS while owners change; then `reachable` is false. Undefined: no such execution. Rejects when the
 * database does not answer.
 */
export async function stateOf(
  executionId: string,
  system: ActorSystem,
  services: Services,
  deaths: DeathWatch,
): Promise<ExecutionState | undefined> {
  const { journal, peers } = services;
  const row = await journal.execution(executionId);
  if (!row) return undefined;
  const { status, lastSeq, wakeAt } = row;
  const state: ExecutionState = { executionId, status, lastSeq, reachable: true };
  if (wakeAt !== undefined) state.wakeAt = wakeAt;
  if (row.stoppedAt !== undefined) return state;
  const reason = status === 'waiting' ? await reasonOf(executionId, lastSeq, services) : undefined;
  if (reason !== undefined) state.waitingFor = reason;
  const { answer, owner } = await askOwner(executionId, system, services, deaths);
  const name = peers.members().find(({ bootId }) => bootId === owner)?.name ?? owner;
  if (name !== undefined) state.member = name;
  if (answer === undefined) state.reachable = false;
  else if (answer.kind === 'live') {
    const { kind: _, ...live } = answer;
    state.live = live;
  }
  return state;
}

/** Events at the end of a waiting run's journal among which its wait is. */
const TAIL_EVENTS = 5;

async function reasonOf(executionId: string, lastSeq: number, { journal }: Services): Promise<string | undefined> {
  const tail = await journal.read(executionId, { afterSeq: Math.max(0, lastSeq - TAIL_EVENTS) });
  const last = tail.findLast(({ event }) => event.type === 'execution.waiting');
  return last?.event.type === 'execution.waiting' ? last.event.reason : undefined;
}

async function askOwner(
  executionId: string,
  system: ActorSystem,
  services: Services,
  deaths: DeathWatch,
): Promise<{ answer: Exclude<Answer, { kind: 'moved' }> | undefined; owner: string | undefined }> {
  const { clock, peers } = services;
  const shard = shardOf(executionId);
  const until = clock.monotonic() + REMOTE_LIMITS.STATE_DEADLINE_MS;
  let pause = RETRY_FIRST_MS;
  let owner: string | undefined;
  for (;;) {
    const local = here(executionId, system, services);
    if (local.kind !== 'moved') return { answer: local, owner: peers.self };
    owner = peers.ownerOf(shard);
    const left = until - clock.monotonic();
    const answer =
      owner === undefined || owner === peers.self ? undefined : await ask(owner, executionId, left, services, deaths);
    if (answer !== undefined && answer.kind !== 'moved') return { answer, owner };
    peers.suspect(shard);
    if (clock.monotonic() + pause >= until) return { answer: undefined, owner };
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
    pause = Math.min(RETRY_LAST_MS, pause * 2);
  }
}

/** Undefined: gone, cut off or too slow, or another owner came while it was asked: the next try may find that one. */
async function ask(
  owner: string,
  executionId: string,
  timeoutMs: number,
  { peers }: Services,
  deaths: DeathWatch,
): Promise<Answer | undefined> {
  try {
    const asking = peers.link.ask(owner, { kind: KINDS.state, body: { executionId } }, timeoutMs);
    const answer = await deaths.during({ executionId }, asking);
    return 'value' in answer ? answerIn(answer.value) : undefined;
  } catch {
    return undefined;
  }
}

function here(executionId: string, system: ActorSystem, { owner }: Services): Answer {
  const shard = shardOf(executionId);
  if (owner.epochOf(shard) === undefined) return { kind: 'moved' };
  const rows = system.tree();
  const own = rows.find(({ path }) => path.endsWith(`/execution-${executionId}`));
  if (!own) return { kind: 'absent' };
  const nodes = rows.filter(({ path }) => path.startsWith(`${own.path}/`)).map(nameOf);
  return { kind: 'live', nodes, mailboxLength: own.mailboxLength, state: own.state };
}

/** `node-<name>.<run>` in the tree. */
function nameOf({ path }: ActorInfo): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function toJson(answer: Answer): JsonObject {
  return answer.kind === 'live' ? { ...answer, nodes: [...answer.nodes] } : answer;
}

function answerIn(value: JsonValue): Answer | undefined {
  if (!isObject(value)) return undefined;
  const { kind, nodes, mailboxLength, state } = value;
  if (kind === 'moved' || kind === 'absent') return { kind };
  if (kind !== 'live' || !Array.isArray(nodes) || typeof mailboxLength !== 'number') return undefined;
  const known = STATES.find((each) => each === state);
  if (known === undefined) return undefined;
  return { kind, nodes: nodes.filter((name) => typeof name === 'string'), mailboxLength, state: known };
}

const STATES = ['running', 'stopping', 'restarting', 'quarantined'] as const;
