import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { OutboxEvent } from '#runtime';

/** What can happen to a workflow; each is an event `workflow.<change>`. */
export type WorkflowChange = 'created' | 'updated' | 'deleted' | 'activated' | 'deactivated';

/** Random bytes of an event id. */
const ID_BYTES = 16;

/** The event of a change, as it stands in docs/events.md. No definition: whoever wants it asks for it by id. */
export function workflowEvent(
  change: WorkflowChange,
  workflow: { id: string; name: string; active: boolean; version: number },
  by: { userId: string | undefined; at: number },
): OutboxEvent {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    type: `workflow.${change}`,
    aggregateId: workflow.id,
    aggregateType: 'workflow',
    timestamp: by.at,
    ...(by.userId !== undefined && { userId: by.userId }),
    version: workflow.version,
    payload: { name: workflow.name, active: workflow.active },
    metadata: {},
  };
}

/**
 * Leaves an event in the outbox, in the caller's transaction. Any shard will do, for its owner only publishes it; the
 * same aggregate is always on the same one, so its events go out in the order of their commits.
 */
export async function announce(em: EntityManager, event: OutboxEvent): Promise<void> {
  await em.execute(`INSERT INTO troupe.outbox (id, shard, envelope) VALUES (?, (hashtext(?) & 511)::smallint, ?)`, [
    event.id,
    event.aggregateId,
    JSON.stringify(event),
  ]);
}
