import type { NodeType } from '#runtime';

import { aggregate } from './aggregate/node.ts';
import { codeNode, functionItemNode, functionNode } from './code/index.ts';
import { errorTrigger } from './error-trigger/node.ts';
import { executeWorkflowTrigger } from './execute-workflow-trigger/node.ts';
import { executeWorkflow } from './execute-workflow/node.ts';
import { httpRequest } from './http-request/node.ts';
import { limit } from './limit/node.ts';
import { manualTrigger, start } from './manual-trigger/node.ts';
import { merge } from './merge/node.ts';
import { noOp } from './no-op/node.ts';
import { respondToWebhook } from './respond-to-webhook/node.ts';
import { splitInBatches } from './split-in-batches/node.ts';
import { stickyNote } from './sticky-note/node.ts';
import { stopAndError } from './stop-and-error/node.ts';
import { waitNode } from './wait/node.ts';
import { crypto } from './crypto/node.ts';
import { dateTime } from './date-time/node.ts';
import { filter } from './filter/node.ts';
import { ifNode } from './if/node.ts';
import { itemLists } from './item-lists/node.ts';
import { removeDuplicates } from './remove-duplicates/node.ts';
import { renameKeys } from './rename-keys/node.ts';
import { set } from './set/node.ts';
import { sort } from './sort/node.ts';
import { splitOut } from './split-out/node.ts';
import { summarize } from './summarize/node.ts';
import { switchNode } from './switch/node.ts';
import { cron, interval, scheduleTrigger } from './schedule-trigger/node.ts';
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
  start,
  merge,
  noOp,
  respondToWebhook,
  splitInBatches,
  stickyNote,
  stopAndError,
  waitNode,
  webhook,
  crypto,
  dateTime,
  filter,
  ifNode,
  itemLists,
  removeDuplicates,
  renameKeys,
  set,
  sort,
  splitOut,
  summarize,
  switchNode,
  cron,
  interval,
  scheduleTrigger,
];
