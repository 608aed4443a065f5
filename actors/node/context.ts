import { resumedFor, type JsonObject, type NodeDefinition, type RunNodeEffect } from '#workflow';
import type { NodeContext, NodeType } from '#runtime';
import type { Execution } from '../execution/execution.ts';
import { guardedHttp } from './guarded-http.ts';

/** What one run of a node sees of the world: its items and parameters, and the ports it may act through. */
export function nodeContext(
  execution: Execution,
  node: NodeDefinition,
  type: NodeType,
  effect: RunNodeEffect,
  signal: AbortSignal,
): NodeContext {
  const { services, args, run } = execution;
  const { executionId, workflow } = args;
  const resumed = resumedFor(run, node.name, effect.run);
  return {
    node,
    workflow,
    executionId,
    mode: args.create.mode,
    run: effect.run,
    attempt: effect.attempt,
    inputs: effect.inputs,
    items: (input = 0) => effect.inputs[input] ?? [],
    param: () => undefined,
    evaluate: (text) => text,
    scene: () => ({}),
    now: () => services.clock.now(),
    zone: workflow.settings.timezone,
    signal,
    continuesOnFail: node.onError !== 'stopWorkflow',
    idempotencyKey: (itemIndex) => `${executionId}/${node.id}/${effect.run}/${itemIndex}`,
    http: guardedHttp(services.http, services.breakers, node.type),
    code: services.code,
    binary: services.binary,
    memory: run.memory.get(node.name) ?? {},
    staticData: (scope) => staticDataOf(execution, scope === 'global' ? 'global' : `node:${node.name}`),
    ...(resumed && { resumed }),
  };
}

function staticDataOf(execution: Execution, key: string): JsonObject {
  return execution.run.staticData.get(key) ?? {};
}
