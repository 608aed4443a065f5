import { findTrigger, type NodeResult, type SubworkflowCall } from '#workflow';
import { errors } from '../errors.ts';
import type { NodeOutcome, ResolvedCall } from '../execution/protocol.ts';
import type { Services } from '../services.ts';

/** Finds the definition and the trigger of every sub-workflow that a node asks for. */
export async function resolveCalls(
  raw: { kind: 'calls'; asked: Extract<NodeResult, { kind: 'call' }> },
  services: Services,
  depth: number,
): Promise<NodeOutcome> {
  const { calls, wait } = raw.asked;
  const { subworkflowDepth, callsPerNode } = services.limits;
  if (depth >= subworkflowDepth) throw errors.SUBWORKFLOW_TOO_DEEP({ depth, limit: subworkflowDepth });
  if (calls.length > callsPerNode) throw errors.SUBWORKFLOW_TOO_MANY({ calls: calls.length, limit: callsPerNode });
  const found: ResolvedCall[] = [];
  for (const call of calls) found.push(await resolve(call, services));
  return { kind: 'calls', calls: found, wait };
}

async function resolve(call: SubworkflowCall, services: Services): Promise<ResolvedCall> {
  const stored =
    'inline' in call.workflow
      ? await services.workflows.saveInline(call.workflow.inline)
      : await services.workflows.load(call.workflow.id);
  if (!stored) throw errors.SUBWORKFLOW_UNKNOWN({ id: 'id' in call.workflow ? call.workflow.id : '(inline)' });
  const trigger = findTrigger(stored.definition, services.factsOf, 'integrated');
  if (!trigger) throw errors.SUBWORKFLOW_NO_TRIGGER({ name: stored.definition.name });
  return { ...stored, trigger: trigger.name, items: call.items };
}
