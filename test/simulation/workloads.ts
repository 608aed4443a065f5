import type { JsonObject } from '#workflow';
import { chain } from '../../actors/testing.ts';

/** Workflows of the simulation by id: each exercises another way through the execution actor. */
export const WORKLOADS: readonly JsonObject[] = [
  chain('data', ['start', 'data', 'data', 'data']),
  chain('effects', ['start', 'effect', 'data', 'effect', 'effect']),
  chain('short-wait', ['start', 'effect', 'wait', 'effect'], { 2: { ms: 2_000 } }),
  chain('long-wait', ['start', 'effect', 'wait', 'effect'], { 2: { ms: 90_000 } }),
  chain('child', ['start', 'effect', 'data']),
  chain('sleepy-child', ['start', 'wait', 'effect'], { 1: { ms: 70_000 } }),
  chain('parent', ['start', 'call', 'effect'], { 1: { ids: ['child', 'sleepy-child', 'child'] } }),
  chain('forgetful-parent', ['start', 'call', 'effect'], { 1: { ids: ['child'], wait: false } }),
  withRetry(chain('retry', ['start', 'flaky', 'effect'])),
  chain('failing', ['start', 'effect', 'bad', 'effect']),
];

/** The same, and one whose runs wait for their turn over all members. */
export const CLUSTER_WORKLOADS: readonly JsonObject[] = [
  ...WORKLOADS,
  withLimit(chain('limited', ['start', 'effect', 'wait', 'effect'], { 2: { ms: 3_000 } })),
];

function withLimit(json: JsonObject): JsonObject {
  return { ...json, settings: { executionOrder: 'v1', concurrency: 2 } };
}

function withRetry(json: JsonObject): JsonObject {
  for (const node of json['nodes'] as JsonObject[])
    Object.assign(node, { retryOnFail: true, maxTries: 5, waitBetweenTries: 500 });
  return json;
}
