import type { JsonObject, JsonValue } from '#workflow';
import type { ActorInfo } from '#runtime';
import type { BreakerInfo, MemberTree } from '../engine.ts';
import type { Services } from '../services.ts';
import { isObject, KINDS } from './bodies.ts';
import type { DeathWatch } from './death-watch.ts';
import { REMOTE_LIMITS } from './limits.ts';

/** This member's part of the live tree. */
export interface OwnTree {
  tree(): readonly ActorInfo[];
  breakers(): readonly BreakerInfo[];
}

/** Tells other members this one's part of the live tree. */
export function answerTrees(own: OwnTree, { peers }: Services): void {
  peers.asked(KINDS.tree, async () => {
    const rows = own.tree();
    const told = rows.slice(0, REMOTE_LIMITS.TREE_ROWS);
    // Rows hold plain data; `detail` is what `inspect` gives, plain by contract.
    const body = JSON.parse(JSON.stringify({ rows: told, breakers: own.breakers() })) as JsonObject;
    return { ...body, omitted: rows.length - told.length };
  });
}

/**
 * The live tree of every member, this one first. A member that does not answer within TREE_DEADLINE_MS is named with
 * the reason. Never rejects.
 */
export function treesOfAll(own: OwnTree, { peers }: Services, deaths: DeathWatch): Promise<MemberTree[]> {
  return Promise.all(
    peers
      .members()
      .toSorted((a, b) => Number(b.bootId === peers.self) - Number(a.bootId === peers.self))
      .map(async ({ bootId, name }) => {
        const head = { member: name, bootId };
        if (bootId === peers.self) return { ...head, rows: own.tree(), breakers: own.breakers(), omitted: 0 };
        try {
          const message = { kind: KINDS.tree, body: {} };
          const asking = peers.link.ask(bootId, message, REMOTE_LIMITS.TREE_DEADLINE_MS);
          const answer = await deaths.during({ member: bootId }, asking);
          if ('value' in answer) return { ...head, ...partIn(answer.value) };
          return { ...head, rows: [], breakers: [], omitted: 0, failure: 'it has left meanwhile' };
        } catch (error) {
          const failure = error instanceof Error ? error.message : String(error);
          return { ...head, rows: [], breakers: [], omitted: 0, failure };
        }
      }),
  );
}

/** What another member told, as far as its form is known here. */
function partIn(value: JsonValue): Pick<MemberTree, 'rows' | 'breakers' | 'omitted'> {
  if (!isObject(value)) return { rows: [], breakers: [], omitted: 0 };
  const { rows, breakers, omitted } = value;
  return {
    rows: listOf(rows).filter(isRow),
    breakers: listOf(breakers).filter(isBreaker),
    omitted: typeof omitted === 'number' ? omitted : 0,
  };
}

function listOf(value: JsonValue | undefined): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** For people only: the fields that the page of the tree relies on. */
function isRow(value: unknown): value is ActorInfo {
  return holds(value, { path: 'string', uid: 'number', kind: 'string', state: 'string', mailboxLength: 'number' });
}

function isBreaker(value: unknown): value is BreakerInfo {
  return holds(value, { breaker: 'string', state: 'string', failures: 'number' });
}

function holds(value: unknown, fields: Record<string, 'string' | 'number'>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([name, type]) => typeof Reflect.get(value, name) === type);
}
