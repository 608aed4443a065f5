import { findTrigger, type Item, type JsonObject, type JsonValue } from '#workflow';
import type { RunHandle, StartRequest } from '#actors';
import { Type } from 'typebox';
import { errors } from '../errors.ts';
import { inputItems } from '../input-items.ts';
import { API_LIMITS } from '../limits.ts';
import type { ApiDependencies } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { runJson } from '../run-json.ts';
import { IdParams } from '../schema.ts';
import { endOf } from '../webhooks/duplicate.ts';
import { quiet } from '../webhooks/quiet.ts';

const AnyJson = Type.Unsafe<JsonObject | JsonValue[]>(
  Type.Union([
    Type.Record(Type.String(), Type.Unknown()),
    Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: API_LIMITS.INPUT_ITEMS }),
  ]),
);

const ExecuteBody = Type.Object(
  {
    input: Type.Optional(AnyJson),
    trigger: Type.Optional(Type.String({ minLength: 1, maxLength: API_LIMITS.NODE_NAME_CHARACTERS })),
    wait: Type.Optional(Type.Boolean()),
    idempotencyKey: Type.Optional(Type.String({ minLength: 1, maxLength: API_LIMITS.IDEMPOTENCY_KEY_CHARACTERS })),
  },
  { additionalProperties: false },
);

/**
 * Starts a stored workflow, active or not. It is a production run: pinned data is not used, static data is kept.
 * 202 `{executionId}` when the start is committed; with `wait` 200 and the run data once it has ended.
 */
export function executeRoute(deps: ApiDependencies): Route {
  return route({
    method: 'POST',
    url: '/api/v1/workflows/:id/execute',
    permission: 'workflow:execute',
    params: IdParams,
    body: ExecuteBody,
    async handle({ params: { id }, body, status }) {
      const stored = await deps.definitions.load(id);
      if (stored === undefined) throw errors.WORKFLOW_UNKNOWN({ id });
      const { input, trigger, wait = false, idempotencyKey } = body;
      const factsOf = deps.catalog.facts.bind(deps.catalog);
      const start: StartRequest = {
        workflow: stored.definition,
        workflowVersion: stored.version,
        mode: 'trigger',
        trigger: findTrigger(stored.definition, factsOf, 'manual', trigger).name,
        items: startItems(input),
        acceptEarly: !wait,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      };
      const handle = deps.engine.start(start);
      quiet(handle);
      const report = wait ? await ended(handle, idempotencyKey !== undefined, deps) : undefined;
      if (report !== undefined) return runJson(report);
      status(202);
      return { executionId: (await handle.accepted).executionId };
    },
  });
}

function startItems(input: JsonObject | JsonValue[] | undefined): Item[] {
  return input === undefined ? [{ json: {} }] : inputItems(input);
}

/** The report, or undefined when the caller has waited long enough. */
async function ended(handle: RunHandle, keyed: boolean, deps: ApiDependencies) {
  if (keyed) {
    const { executionId, duplicate } = await handle.accepted;
    if (duplicate) {
      const report = await endOf(executionId, deps, { ...API_LIMITS, ...deps.limits });
      return report?.status === 'running' ? undefined : report;
    }
  }
  let stop: () => void = () => {};
  const late = new Promise<undefined>((resolve) => {
    stop = deps.clock.after(API_LIMITS.EXECUTE_WAIT_MS, () => resolve(undefined));
  });
  try {
    return await Promise.race([handle.ended, late]);
  } finally {
    stop();
  }
}
