import { currentRun, newRun, transition, type NodeDefinition, type RunNodeEffect } from '#workflow';
import type { ExecutionRecord, NodeType } from '#runtime';
import { errors } from '../errors.ts';
import type { RunSource } from '../node/context.ts';
import type { Services } from '../services.ts';
import type { Fold, Folds } from './folds.ts';
import type { Order } from './wire.ts';

/** All that is needed to perform a node run of another member's execution. */
export interface Loaded {
  readonly source: RunSource;
  readonly node: NodeDefinition;
  readonly type: NodeType;
  readonly effect: RunNodeEffect;
  /** To be put back when the node has ended. */
  readonly fold: Fold;
}

/**
 * Folds the journal of the execution as its owner did, so that the node sees the same world. `why`: the journal does
 * not stand where the order says (it went on, or ended), or this member does not know the node's type: it is not
 * performed. Rejects when the database does not answer.
 */
export async function loadGuest(order: Order, services: Services, folds: Folds): Promise<Loaded | { why: string }> {
  const { executionId, seq } = order;
  const row = await services.journal.execution(executionId);
  if (row?.lastSeq !== seq || row.stoppedAt !== undefined) return { why: 'the journal stands elsewhere' };
  const fold = folds.take(executionId, seq) ?? (await begun(row, services));
  await foldOn(fold, order, services);
  const { run, workflow, mode } = fold;
  const effect = currentRun(run);
  const wanted = effect?.node === order.node && effect.run === order.run && effect.attempt === order.attempt;
  if (!wanted || run.current?.phase !== 'running') return { why: 'the journal tells of another node run' };
  const node = workflow.node.get(order.node);
  const type = node && services.catalog.find(node.type, node.typeVersion);
  if (!type) return { why: `the node type ${node?.type ?? '?'} in version ${node?.typeVersion ?? '?'} is not known` };
  const { publicUrl } = order;
  const seen = { ...services, publicUrl: () => publicUrl };
  return {
    source: { services: seen, run, args: { executionId, workflow, create: { mode } } },
    node,
    type,
    effect,
    fold,
  };
}

async function begun({ id, workflowId, workflowVersion, mode }: ExecutionRecord, services: Services): Promise<Fold> {
  const stored = await services.workflows.load(workflowId, workflowVersion);
  if (!stored) throw errors.WORKFLOW_VERSION_GONE({ id: workflowId, version: workflowVersion });
  const { definition: workflow } = stored;
  const run = newRun({ executionId: id, workflow, factsOf: services.factsOf });
  return { run, workflow, mode, seq: 0 };
}

async function foldOn(fold: Fold, { executionId, seq }: Order, { journal }: Services): Promise<void> {
  if (fold.seq === seq) return;
  for (const { event, seq: at } of await journal.read(executionId, { afterSeq: fold.seq, limit: seq - fold.seq })) {
    transition(fold.run, event);
    fold.seq = at;
  }
}
