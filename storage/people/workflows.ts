import { LockMode, type FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { JsonObject } from '#workflow';
import { errors } from '../errors.ts';
import { LIST_ROWS } from '../limits.ts';
import { announce, workflowEvent, type WorkflowChange } from './announce.ts';
import { WorkflowEntity, WorkflowVersionEntity, type WorkflowRow } from './entities.ts';
import { activeSince, publish, unpublish, type AddressesOf } from './publishing.ts';
import { pageOf, Repository, type Page } from './repository.ts';
import { freshWorkflowId } from './secrets.ts';

/** A stored workflow with its newest definition. Times are epoch milliseconds. */
export interface WorkflowRecord {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  /** Newest version; counts from 1. */
  readonly version: number;
  /** The version that triggers start; absent while inactive. */
  readonly activeVersion?: number;
  /** The author's JSON, unchanged. */
  readonly source: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Name of a workflow whose JSON carries none. */
const UNNAMED = 'My workflow';
/** Ids that are taken from an import: what fits into a URL path without escapes. */
const FOREIGN_ID = /^[\w-]{1,64}$/;

/** Workflows and their versions. A version never changes: runs are pinned to one, and it stays when the workflow goes. */
export class Workflows extends Repository {
  readonly #em: EntityManager;
  readonly #addressesOf: AddressesOf;
  readonly #announced: () => void;
  readonly #userId: string | undefined;

  /** `announced` is called after the commit of each change: its event waits in the outbox. */
  constructor(em: EntityManager, addressesOf: AddressesOf, announced: () => void = () => {}, userId?: string) {
    super(em);
    this.#em = em;
    this.#addressesOf = addressesOf;
    this.#announced = announced;
    this.#userId = userId;
  }

  /** The same workflows for the changes of one user, whose id their events carry. */
  by(userId: string): Workflows {
    return new Workflows(this.#em, this.#addressesOf, this.#announced, userId);
  }

  /** Stores version 1 under a fresh id. */
  create(source: JsonObject): Promise<WorkflowRecord> {
    return this.#change('created', (em) => this.#insert(em, freshWorkflowId(), source));
  }

  /**
   * Import: under its own id when the JSON carries one (a new version when it is there already), else under a fresh
   * one.
   */
  save(source: JsonObject): Promise<WorkflowRecord & { created: boolean }> {
    let created = false;
    const what = (): WorkflowChange => (created ? 'created' : 'updated');
    return this.#change(what, async (em) => {
      const given = source['id'];
      const id = typeof given === 'string' && FOREIGN_ID.test(given) ? given : freshWorkflowId();
      const found = await em.findOne(WorkflowEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      created = !found;
      const record = found ? await this.#addVersion(em, found, source) : await this.#insert(em, id, source);
      return { ...record, created };
    });
  }

  /** A new version; runs under way keep theirs. An active workflow's triggers use it at once, or WEBHOOK_TAKEN. */
  update(id: string, source: JsonObject): Promise<WorkflowRecord | undefined> {
    return this.#change('updated', async (em) => {
      const found = await em.findOne(WorkflowEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      return found ? this.#addVersion(em, found, source) : undefined;
    });
  }

  get(id: string): Promise<WorkflowRecord | undefined> {
    return this.read(async (em) => {
      const found = await em.findOne(WorkflowEntity, { id });
      return found ? recordOf(found, await sourceOf(em, id, found.version)) : undefined;
    });
  }

  /** One version (default: the newest), also of a workflow that was removed. */
  version(id: string, version?: number): Promise<{ source: JsonObject; version: number } | undefined> {
    return this.read(async (em) => {
      const wanted = version ?? (await em.findOne(WorkflowEntity, { id }))?.version;
      if (wanted === undefined) return undefined;
      const found = await em.findOne(WorkflowVersionEntity, { workflowId: id, version: wanted });
      return found ? { source: parse(found.definition), version: found.version } : undefined;
    });
  }

  /** In order of creation; at most LIST_ROWS. `after` is `next` of an earlier page (else PLACE_INVALID). */
  async list(query: { limit: number; after?: string; active?: boolean; name?: string }): Promise<Page<WorkflowRecord>> {
    const limit = Math.max(1, Math.min(query.limit, LIST_ROWS));
    const where: FilterQuery<WorkflowRow> = {
      ...(query.after === undefined ? {} : { position: { $gt: placeNumber(query.after) } }),
      ...(query.active === undefined ? {} : { active: query.active }),
      ...(query.name === undefined ? {} : { name: query.name }),
    };
    return this.read(async (em) => {
      const rows = await em.find(WorkflowEntity, where, { orderBy: { position: 'asc' }, limit: limit + 1 });
      const sources = await sourcesOf(em, rows.slice(0, limit));
      return pageOf(
        rows,
        limit,
        ({ position }) => String(position),
        (row) => recordOf(row, sources.get(row.id)),
      );
    });
  }

  /** Every workflow, oldest first: for export. */
  all(): Promise<WorkflowRecord[]> {
    return this.read(async (em) => {
      const rows = await em.find(WorkflowEntity, {}, { orderBy: { position: 'asc' } });
      const sources = await sourcesOf(em, rows);
      return rows.map((row) => recordOf(row, sources.get(row.id)));
    });
  }

  /** Removes the workflow; its versions stay for the runs that are pinned to them. */
  remove(id: string): Promise<WorkflowRecord | undefined> {
    return this.#change('deleted', async (em) => {
      const found = await em.findOne(WorkflowEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!found) return undefined;
      const record = recordOf(found, await sourceOf(em, id, found.version));
      em.remove(found);
      await unpublish(em, id);
      return record;
    });
  }

  /** Publishes the newest version, or `version` of it, to the triggers, or takes it from them. Throws WEBHOOK_TAKEN. */
  setActive(id: string, active: boolean, version?: number): Promise<WorkflowRecord | undefined> {
    return this.#change(active ? 'activated' : 'deactivated', async (em) => {
      const found = await em.findOne(WorkflowEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!found) return undefined;
      const published = version ?? found.version;
      const listening = active
        ? await em.findOne(WorkflowVersionEntity, { workflowId: id, version: published })
        : undefined;
      if (listening === null) return undefined;
      if (listening) await publish(em, id, published, this.#addressesOf(id, parse(listening.definition)));
      else await unpublish(em, id);
      em.assign(found, { active, activeVersion: active ? published : null, updatedAt: new Date() });
      return recordOf(found, await sourceOf(em, id, found.version));
    });
  }

  /** What the triggers start: every active workflow with its published version, and since when it listens. */
  active(): Promise<{ id: string; version: number; source: JsonObject; activeSince: number }[]> {
    return this.read(async (em) => {
      const rows = await em.find(WorkflowEntity, { active: true }, { orderBy: { position: 'asc' } });
      const wanted = rows.map((row) => ({ id: row.id, version: row.activeVersion ?? row.version }));
      const sources = await sourcesOf(em, wanted);
      const since = await activeSince(em);
      return wanted.map((row) => {
        return { ...row, source: sources.get(row.id) ?? {}, activeSince: since.get(row.id) ?? 0 };
      });
    });
  }

  /** A change and its event, all of it or nothing; a change of nothing is no event. */
  async #change<T extends WorkflowRecord | undefined>(
    what: WorkflowChange | (() => WorkflowChange),
    work: (em: EntityManager) => Promise<T>,
  ): Promise<T> {
    const made = await this.write(async (em) => {
      const record = await work(em);
      if (record === undefined) return record;
      const change = typeof what === 'string' ? what : what();
      await announce(em, workflowEvent(change, record, { userId: this.#userId, at: Date.now() }));
      return record;
    });
    if (made !== undefined) this.#announced();
    return made;
  }

  async #insert(em: EntityManager, id: string, source: JsonObject): Promise<WorkflowRecord> {
    // A workflow of this id may have existed: its versions stay what they were, ours count on.
    const earlier = await em.find(
      WorkflowVersionEntity,
      { workflowId: id },
      { orderBy: { version: 'desc' }, limit: 1 },
    );
    const now = new Date();
    const row = { id, name: nameOf(source), version: (earlier[0]?.version ?? 0) + 1, createdAt: now, updatedAt: now };
    const made = em.create(WorkflowEntity, { ...row, active: false, activeVersion: null, tags: [] });
    addVersionRow(em, id, made.version, source, now);
    await em.flush();
    return recordOf(made, source);
  }

  async #addVersion(em: EntityManager, found: WorkflowRow, source: JsonObject): Promise<WorkflowRecord> {
    const now = new Date();
    const version = found.version + 1;
    const activeVersion = found.active ? version : null;
    if (found.active) await publish(em, found.id, version, this.#addressesOf(found.id, source));
    em.assign(found, { name: nameOf(source, found.name), version, activeVersion, updatedAt: now });
    addVersionRow(em, found.id, version, source, now);
    await em.flush();
    return recordOf(found, source);
  }
}

function addVersionRow(em: EntityManager, workflowId: string, version: number, source: JsonObject, at: Date): void {
  em.create(WorkflowVersionEntity, { workflowId, version, definition: JSON.stringify(source), createdAt: at });
}

function nameOf(source: JsonObject, otherwise = UNNAMED): string {
  const name = source['name'];
  return typeof name === 'string' && name !== '' ? name.replaceAll('\0', '') : otherwise;
}

async function sourceOf(em: EntityManager, id: string, version: number): Promise<JsonObject> {
  return (await sourcesOf(em, [{ id, version }])).get(id) ?? {};
}

async function sourcesOf(
  em: EntityManager,
  wanted: readonly { id: string; version: number }[],
): Promise<Map<string, JsonObject>> {
  if (wanted.length === 0) return new Map();
  const keys = wanted.map(({ id, version }) => ({ workflowId: id, version }));
  const rows = await em.find(WorkflowVersionEntity, { $or: keys });
  return new Map(rows.map((row) => [row.workflowId, parse(row.definition)]));
}

function recordOf(row: WorkflowRow, source: JsonObject = {}): WorkflowRecord {
  return {
    id: row.id,
    name: row.name,
    active: row.active,
    version: row.version,
    ...(typeof row.activeVersion === 'number' ? { activeVersion: row.activeVersion } : {}),
    source,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

function parse(definition: string): JsonObject {
  return JSON.parse(definition) as JsonObject; // only JSON objects are stored, see addVersionRow
}

function placeNumber(after: string): number {
  if (!/^\d{1,15}$/.test(after)) throw errors.PLACE_INVALID({ after });
  return Number(after);
}
