import type { JsonObject, WorkflowDefinition } from '#workflow';
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
        const record = await workflows.by(identity.ownerId).create(body);
        deps.metrics.workflowCreated();
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
        return workflowJson(await replace(deps, activation, { definition, body, userId: identity.ownerId }));
      },
    }),
    route({
      method: 'DELETE',
      url: '/api/v1/workflows/:id',
      permission: 'workflow:write',
      params: IdParams,
      async handle({ params: { id }, identity }) {
        const record = found(await workflows.by(identity.ownerId).remove(id), id);
        await activation.changed(id);
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
  { definition, body, userId }: { definition: WorkflowDefinition; body: JsonObject; userId: string },
): Promise<WorkflowRecord> {
  const { workflows } = deps.storage;
  const { id } = definition;
  const { active } = found(await workflows.get(id), id);
  if (active) await activation.check(definition);
  const record = found(await workflows.by(userId).update(id, body), id);
  if (record.active) await activation.changed(id);
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
      if (active) await activation.check(readWorkflow(stored.source, id, deps.catalog));
      const record = found(await workflows.by(identity.ownerId).setActive(id, active), id);
      await activation.changed(id);
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
      const definition = readWorkflow(stored.source, id, deps.catalog);
      const { routes, expiresAt } = await tests.listen(definition, stored.version);
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
