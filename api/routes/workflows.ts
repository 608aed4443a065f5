import type { JsonObject, WorkflowDefinition } from '#workflow';
import type { OutboxEvent } from '#runtime';
import { Type } from 'typebox';
import { readWorkflow, type Activation } from '../activation.ts';
import { cursorOf, placeOf } from '../cursor.ts';
import { errors } from '../errors.ts';
import { API_LIMITS } from '../limits.ts';
import type { ApiDependencies, WorkflowRecord } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { IdParams, PageQuery } from '../schema.ts';
import type { TestListeners } from '../webhooks/test-listeners.ts';
import { WorkflowBody, workflowJson } from './workflow-body.ts';

const ListQuery = Type.Object(
  {
    ...PageQuery,
    active: Type.Optional(Type.Boolean()),
    name: Type.Optional(Type.String({ maxLength: API_LIMITS.NAME_CHARACTERS })),
  },
  { additionalProperties: false },
);

/** Workflows in the shape of n8n's public API v1. */
export function workflowRoutes(deps: ApiDependencies, activation: Activation, tests: TestListeners): Route[] {
  const { workflows } = deps.storage;
  return [
    route({
      method: 'GET',
      url: '/api/v1/workflows',
      permission: 'workflow:read',
      query: ListQuery,
      async handle({ query: { limit = API_LIMITS.PAGE_ROWS, cursor, active, name } }) {
        const page = await workflows.list({
          limit,
          ...(cursor === undefined ? {} : { after: placeOf(cursor) }),
          ...(active === undefined ? {} : { active }),
          ...(name === undefined ? {} : { name }),
        });
        return { data: page.rows.map(workflowJson), nextCursor: cursorOf(page.next) };
      },
    }),
    route({
      method: 'POST',
      url: '/api/v1/workflows',
      permission: 'workflow:write',
      body: WorkflowBody,
      async handle({ body, identity }) {
        readWorkflow(body, '', deps.catalog);
        const record = await workflows.create(body, identity.ownerId);
        deps.metrics.workflowCreated();
        announce(deps, 'workflow.created', record, identity.ownerId);
        return workflowJson(record);
      },
    }),
    route({
      method: 'GET',
      url: '/api/v1/workflows/:id',
      permission: 'workflow:read',
      params: IdParams,
      handle: async ({ params: { id } }) => workflowJson(found(await workflows.get(id), id)),
    }),
    ...changeRoutes(deps, activation),
    testWebhookRoute(deps, tests),
  ];
}

function changeRoutes(deps: ApiDependencies, activation: Activation): Route[] {
  const { workflows } = deps.storage;
  return [
    route({
      method: 'PUT',
      url: '/api/v1/workflows/:id',
      permission: 'workflow:write',
      params: IdParams,
      body: WorkflowBody,
      async handle({ params: { id }, body, identity }) {
        const definition = readWorkflow(body, id, deps.catalog);
        const record = await replace(deps, activation, definition, body);
        announce(deps, 'workflow.updated', record, identity.ownerId);
        return workflowJson(record);
      },
    }),
    route({
      method: 'DELETE',
      url: '/api/v1/workflows/:id',
      permission: 'workflow:write',
      params: IdParams,
      async handle({ params: { id }, identity }) {
        const record = found(await workflows.remove(id), id);
        await activation.off(id);
        announce(deps, 'workflow.deleted', record, identity.ownerId);
        return workflowJson(record);
      },
    }),
    switchRoute(deps, activation, true),
    switchRoute(deps, activation, false),
  ];
}

/** Saves a new version; when the workflow is active the new one listens, or the change is refused as a whole. */
async function replace(
  deps: ApiDependencies,
  activation: Activation,
  definition: WorkflowDefinition,
  body: JsonObject,
): Promise<WorkflowRecord> {
  const { workflows } = deps.storage;
  const { id } = definition;
  const { active } = found(await workflows.get(id), id);
  if (active) activation.check(definition);
  const record = found(await workflows.update(id, body), id);
  // Stored first: a run must never be pinned to a version that nobody can load.
  if (record.active) await activation.on(definition, record.version);
  return record;
}

function switchRoute(deps: ApiDependencies, activation: Activation, active: boolean): Route {
  const { workflows } = deps.storage;
  return route({
    method: 'POST',
    url: `/api/v1/workflows/:id/${active ? 'activate' : 'deactivate'}`,
    permission: 'workflow:write',
    params: IdParams,
    async handle({ params: { id }, identity }) {
      const stored = found(await workflows.get(id), id);
      const definition = active ? readWorkflow(stored.source, id, deps.catalog) : undefined;
      if (definition !== undefined) activation.check(definition);
      const record = found(await workflows.setActive(id, active), id);
      if (definition === undefined) await activation.off(id);
      else await activation.on(definition, record.version);
      announce(deps, active ? 'workflow.activated' : 'workflow.deactivated', record, identity.ownerId);
      return workflowJson(record);
    },
  });
}

function testWebhookRoute(deps: ApiDependencies, tests: TestListeners): Route {
  return route({
    method: 'POST',
    url: '/api/v1/workflows/:id/test-webhook',
    permission: 'workflow:execute',
    params: IdParams,
    async handle({ params: { id } }) {
      const stored = found(await deps.storage.workflows.get(id), id);
      const { routes, expiresAt } = tests.listen(readWorkflow(stored.source, id, deps.catalog), stored.version);
      return {
        webhooks: routes.map(({ method, path }) => ({ method, path: `/webhook-test/${path}` })),
        expiresAt: new Date(expiresAt).toISOString(),
      };
    },
  });
}

function found(record: WorkflowRecord | undefined, id: string): WorkflowRecord {
  if (record === undefined) throw errors.WORKFLOW_UNKNOWN({ id });
  return record;
}

/** Tells the event bus; a bus that is away holds up no caller. */
function announce(deps: ApiDependencies, type: string, record: WorkflowRecord, userId: string): void {
  if (deps.bus === undefined) return;
  const event: OutboxEvent = {
    id: deps.random.hex(16),
    type,
    aggregateId: record.id,
    aggregateType: 'workflow',
    timestamp: deps.clock.now(),
    userId,
    version: record.version,
    payload: { name: record.name, active: record.active },
    metadata: {},
  };
  deps.bus.publish(event).catch((error: unknown) => deps.log.warn({ err: error, type }, 'event not published'));
}
