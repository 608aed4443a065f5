import type { JsonObject, JsonValue } from '#workflow';
import { Type } from 'typebox';
import { cursorOf, placeOf } from '../cursor.ts';
import { errors } from '../errors.ts';
import { inputItems } from '../input-items.ts';
import { API_LIMITS } from '../limits.ts';
import type { ApiDependencies, ExecutionSummary } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { runDataOf } from '../run-json.ts';
import { ExecutionParams, PageQuery } from '../schema.ts';
import { quiet } from '../webhooks/quiet.ts';

const STATUSES = ['running', 'waiting', 'success', 'error', 'canceled'] as const;

const ListQuery = Type.Object(
  {
    ...PageQuery,
    includeData: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Union(STATUSES.map((status) => Type.Literal(status)))),
    workflowId: Type.Optional(Type.String({ minLength: 1, maxLength: API_LIMITS.ID_CHARACTERS })),
  },
  { additionalProperties: false },
);

const JournalQuery = Type.Object(
  {
    afterSeq: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: API_LIMITS.JOURNAL_ROWS_MOST })),
  },
  { additionalProperties: false },
);

const SignalBody = Type.Object(
  {
    payload: Type.Optional(Type.Unsafe<JsonValue>(Type.Unknown())),
    items: Type.Optional(
      Type.Unsafe<JsonObject | JsonValue[]>(
        Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: API_LIMITS.INPUT_ITEMS }),
      ),
    ),
    messageId: Type.Optional(Type.String({ minLength: 1, maxLength: API_LIMITS.IDEMPOTENCY_KEY_CHARACTERS })),
  },
  { additionalProperties: false },
);

const CancelBody = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);

/** Executions in the shape of n8n's public API v1, and what is ours: journal, cancel, signal. */
export function executionRoutes(deps: ApiDependencies): Route[] {
  return [
    ...readRoutes(deps),
    deleteRoute(deps),
    journalRoute(deps),
    stateRoute(deps),
    cancelRoute(deps),
    signalRoute(deps),
  ];
}

function readRoutes(deps: ApiDependencies): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/executions',
      permission: 'execution:read',
      query: ListQuery,
      async handle({ query: { limit = API_LIMITS.PAGE_ROWS, cursor, status, workflowId, includeData = false } }) {
        const page = await deps.storage.executions.list({
          limit,
          ...(cursor === undefined ? {} : { after: placeOf(cursor) }),
          ...(status === undefined ? {} : { status }),
          ...(workflowId === undefined ? {} : { workflowId }),
        });
        const data = [];
        // One after another: a page of large runs must not be in memory twice over.
        for (const row of page.rows) data.push(includeData ? await withData(row, deps) : executionJson(row));
        return { data, nextCursor: cursorOf(page.next) };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v1/executions/:id',
      permission: 'execution:read',
      params: ExecutionParams,
      query: Type.Object({ includeData: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
      async handle({ params: { id }, query }) {
        const summary = await summaryOf(id, deps);
        return query.includeData === true ? withData(summary, deps) : executionJson(summary);
      },
    }),
  ];
}

function deleteRoute(deps: ApiDependencies): Route {
  return route({
    method: 'DELETE',
    url: '/api/v1/executions/:id',
    permission: 'execution:write',
    params: ExecutionParams,
    async handle({ params: { id } }) {
      const { executions } = deps.storage;
      if (executions.remove === undefined) throw errors.EXECUTION_DELETE_UNSUPPORTED({ id });
      await summaryOf(id, deps);
      const removed = await executions.remove(id);
      if (removed === undefined) throw errors.EXECUTION_RUNNING({ id });
      return executionJson(removed);
    },
  });
}

function journalRoute(deps: ApiDependencies): Route {
  return route({
    method: 'GET',
    url: '/api/v1/executions/:id/journal',
    permission: 'execution:read',
    params: ExecutionParams,
    query: JournalQuery,
    async handle({ params: { id }, query: { afterSeq = 0, limit = API_LIMITS.JOURNAL_ROWS } }) {
      const { journal } = deps.storage;
      if ((await journal.execution(id)) === undefined) throw errors.EXECUTION_UNKNOWN({ id });
      // One more than asked for tells whether there is a next page.
      const events = await journal.read(id, { afterSeq, limit: limit + 1 });
      const data = events.slice(0, limit).map(({ seq, event }) => ({ seq, ...event }));
      return { data, nextAfterSeq: events.length > limit ? (data.at(-1)?.seq ?? null) : null };
    },
  });
}

/** Where an execution stands: its row, and what the member that performs it says of it. */
function stateRoute(deps: ApiDependencies): Route {
  return route({
    method: 'GET',
    url: '/api/v1/executions/:id/state',
    permission: 'execution:read',
    params: ExecutionParams,
    async handle({ params: { id } }) {
      const state = await deps.engine.state(id);
      if (state === undefined) throw errors.EXECUTION_UNKNOWN({ id });
      return state;
    },
  });
}

function cancelRoute(deps: ApiDependencies): Route {
  return route({
    method: 'POST',
    url: '/api/v1/executions/:id/cancel',
    permission: 'execution:write',
    params: ExecutionParams,
    body: CancelBody,
    async handle({ params: { id }, body }) {
      const outcome = await deps.engine.cancel(id, body.reason ?? 'canceled by a caller of the API');
      if (outcome === 'unknown') throw errors.EXECUTION_UNKNOWN({ id });
      if (outcome === 'ended') throw errors.EXECUTION_ENDED({ id });
      return { executionId: id, status: 'canceled' };
    },
  });
}

function signalRoute(deps: ApiDependencies): Route {
  return route({
    method: 'POST',
    url: '/api/v1/executions/:id/signal',
    permission: 'execution:write',
    params: ExecutionParams,
    body: SignalBody,
    async handle({ params: { id }, body, status }) {
      const { payload, items, messageId = deps.random.hex(16) } = body;
      const outcome = await deps.engine.resume(id, {
        messageId,
        ...(items === undefined ? {} : { items: inputItems(items) }),
        ...(payload === undefined ? {} : { payload }),
      });
      if (outcome.kind !== 'accepted') {
        throw outcome.kind === 'unknown' ? errors.EXECUTION_UNKNOWN({ id }) : errors.EXECUTION_NOT_WAITING({ id });
      }
      quiet(outcome.handle);
      status(202);
      return { executionId: id };
    },
  });
}

async function summaryOf(id: string, { storage }: ApiDependencies): Promise<ExecutionSummary> {
  const record = await storage.journal.execution(id);
  if (record === undefined) throw errors.EXECUTION_UNKNOWN({ id });
  return record;
}

async function withData(summary: ExecutionSummary, deps: ApiDependencies): Promise<Record<string, unknown>> {
  const [report, stored] = await Promise.all([
    deps.engine.inspect(summary.id),
    deps.storage.workflows.get(summary.workflowId),
  ]);
  return {
    ...executionJson(summary),
    data: report === undefined ? null : runDataOf(report),
    workflowData: stored === undefined ? null : { id: stored.id, ...stored.source },
  };
}

/** n8n's row of an execution. */
function executionJson(summary: ExecutionSummary): Record<string, unknown> {
  const { id, workflowId, mode, status, startedAt, stoppedAt, wakeAt, retryOf } = summary;
  return {
    id,
    finished: status === 'success',
    mode,
    status,
    retryOf: retryOf ?? null,
    retrySuccessId: null,
    startedAt: new Date(startedAt).toISOString(),
    stoppedAt: stoppedAt === undefined ? null : new Date(stoppedAt).toISOString(),
    workflowId,
    waitTill: wakeAt === undefined || status !== 'waiting' ? null : new Date(wakeAt).toISOString(),
  };
}
