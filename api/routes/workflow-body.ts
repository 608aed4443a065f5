import type { JsonObject, JsonValue } from '#workflow';
import { Type } from 'typebox';
import { API_LIMITS } from '../limits.ts';
import type { WorkflowRecord } from '../ports.ts';

/** A JSON object of any members; what it holds is read by the language, which names each fault. */
const AnyObject = Type.Unsafe<JsonObject>(Type.Record(Type.String(), Type.Unknown()));

/**
 * What may be written of a workflow: n8n's public API v1. `id`, `active`, `createdAt`, `tags` and the like are
 * read-only there and refused here as there.
 */
export const WorkflowBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: API_LIMITS.NAME_CHARACTERS }),
    nodes: Type.Array(AnyObject, { maxItems: API_LIMITS.WORKFLOW_NODES }),
    connections: AnyObject,
    settings: AnyObject,
    staticData: Type.Optional(Type.Unsafe<JsonValue>(Type.Unknown())),
    pinData: Type.Optional(AnyObject),
    meta: Type.Optional(Type.Unsafe<JsonValue>(Type.Unknown())),
  },
  { additionalProperties: false },
);

/** A stored workflow as n8n's API shows it. */
export function workflowJson(record: WorkflowRecord): Record<string, unknown> {
  const { id, name, active, version, source, createdAt, updatedAt } = record;
  const { nodes, connections, settings, staticData, pinData, meta, tags } = source;
  return {
    id,
    name,
    active,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    nodes: nodes ?? [],
    connections: connections ?? {},
    settings: settings ?? {},
    staticData: staticData ?? null,
    pinData: pinData ?? {},
    meta: meta ?? null,
    tags: tags ?? [],
    versionId: String(version),
    isArchived: false,
  };
}
