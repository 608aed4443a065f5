import type { NodeType } from '#runtime';

import { aggregate } from './aggregate/node.ts';
import { codeNode, functionItemNode, functionNode } from './code/index.ts';
import { errorTrigger } from './error-trigger/node.ts';
import { executeWorkflowTrigger } from './execute-workflow-trigger/node.ts';
import { executeWorkflow } from './execute-workflow/node.ts';
import { httpRequest } from './http-request/node.ts';
import { limit } from './limit/node.ts';
import { manualTrigger } from './manual-trigger/node.ts';
import { merge } from './merge/node.ts';
import { noOp } from './no-op/node.ts';
import { respondToWebhook } from './respond-to-webhook/node.ts';
import { splitInBatches } from './split-in-batches/node.ts';
import { stickyNote } from './sticky-note/node.ts';
import { stopAndError } from './stop-and-error/node.ts';
import { waitNode } from './wait/node.ts';
import { webhook } from './webhook/node.ts';

/** Every node type there is. */
export const NODE_TYPES: readonly NodeType[] = [
  aggregate,
  codeNode,
  errorTrigger,
  executeWorkflow,
  executeWorkflowTrigger,
  functionItemNode,
  functionNode,
  httpRequest,
  limit,
  manualTrigger,
  merge,
  noOp,
  respondToWebhook,
  splitInBatches,
  stickyNote,
  stopAndError,
  waitNode,
  webhook,
];
