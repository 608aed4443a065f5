import type { NodeCatalog } from '#runtime';

import { catalogOf } from './catalog.ts';
import { NODE_TYPES } from './types.ts';

/** The node types: one folder each, with its parameters and what it does. */

/** The closed catalogue of all node types; unknown names and versions are not found. */
export function createCatalog(): NodeCatalog {
  return catalogOf(NODE_TYPES);
}

export { createHttpClient } from './http-client.ts';
export type { HttpClientOptions } from './http-client.ts';
export type { AddressRule } from './http/address-guard.ts';
export { answerFrom, FAILED_RUN_ANSWER, NO_RESPOND_NODE_ANSWER, UNREACHED_RESPOND_ANSWER } from './webhook/answer.ts';
export * from './code/index.ts';
