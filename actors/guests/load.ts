import { currentRun, newRun, transition, type NodeDefinition, type RunNodeEffect } from '#workflow';
import type { NodeType } from '#runtime';
import { errors } from '../errors.ts';
import type { RunSource } from '../node/context.ts';
import type { Services } from '../services.ts';
import type { Order } from './wire.ts';

/** All that is needed to perform a node run of another member's execution. */
export interface Loaded {
  readonly source: RunSource;
  readonly node: NodeDefinition;
  readonly type: NodeType;
  readonly effect: RunNodeEffect;
}

/**
 * Folds the journal of the execution as its owner did, so that the node sees the same world. `why`: the journal does
 * not stand where the order says (it went on, or ended), or this member does not know the node's type: it is not
 * performed. Rejects when the database does not answer.
 */
export async function loadGuest(order: Order, services: Services): Promise<Loaded | { why: string }> {
  const { executionId, seq } = order;
  const { journal, workflows } = services;
  const row = await journal.execution(executionId);
  if (row?.lastSeq !== seq || row.stoppedAt !== undefined) return { why: 'the journal stands elsewhere' };
  const [events, stored] = await Promise.all([
    journal.read(executionId, { limit: seq }),
    workflows.load(row.workflowId, row.workflowVersion),
  ]);
  if (!stored) throw errors.WORKFLOW_VERSION_GONE({ id: row.workflowId, version: row.workflowVersion });
  const { definition: workflow } = stored;
  const run = newRun({ executionId, workflow, factsOf: services.factsOf });
  for (const { event } of events) transition(run, event);
  const effect = currentRun(run);
  const wanted = effect?.node === order.node && effect.run === order.run && effect.attempt === order.attempt;
  if (!wanted || run.current?.phase !== 'running') return { why: 'the journal tells of another node run' };
  const node = workflow.node.get(order.node);
  const type = node && services.catalog.find(node.type, node.typeVersion);
  if (!type) return { why: `the node type ${node?.type ?? '?'} in version ${node?.typeVersion ?? '?'} is not known` };
  const { publicUrl } = order;
  const source = {
    services: { ...services, publicUrl: () => publicUrl },
    run,
    args: { executionId, workflow, create: { mode: row.mode } },
  };
  return { source, node, type, effect };
}
