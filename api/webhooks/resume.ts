import type { ExecutionRecord, WebhookRequest, WebhookRoute, WebhookTrigger } from '#runtime';
import type { ExecutionWaiting, JsonObject, NodeDefinition, WebhookResponse } from '#workflow';
import type { IncomingMessage } from 'node:http';
import { errors } from '../errors.ts';
import type { ApiDependencies } from '../ports.ts';
import { outcomeOf } from './outcome.ts';
import { quiet } from './quiet.ts';
import { readRequest, type Address } from './request.ts';
import type { WebhookServing } from './serving.ts';

/** The end of a waiting run's journal in which its wait is looked for first. */
const TAIL_ROWS = 50;

interface Waiting {
  readonly seq: number;
  readonly node: NodeDefinition;
  readonly webhook: WebhookTrigger;
  readonly call: ResumeRule;
}

/** How the waiting node wants to be called; what the Wait node writes into `execution.waiting`. */
interface ResumeRule {
  readonly method: string;
  readonly suffix: string;
  readonly respond: WebhookRoute['respond'];
  readonly status: number;
  readonly data: 'firstEntryJson' | 'firstEntryBinary' | 'allEntries' | 'noData';
}

/**
 * A call of `/webhook-waiting/{executionId}[/suffix]`: hands the call's items to the node that waits for it. Unknown
 * execution 404, running or ended 409. The same wait is ended once, however often it is called at the same time.
 */
export async function resumeCall(
  request: IncomingMessage,
  address: Address,
  { deps, limits }: WebhookServing,
): Promise<WebhookResponse> {
  const [executionId = '', ...rest] = address.path.split('/').filter((segment) => segment !== '');
  const record = await waitingRecord(executionId, deps);
  const waiting = await waitOf(record, deps);
  const { method, suffix } = waiting.call;
  if (request.method !== method || rest.join('/') !== suffix) {
    throw errors.WEBHOOK_UNKNOWN({ method: request.method ?? 'GET', path: address.path });
  }
  const options = { binary: deps.binary, test: false, publicUrl: deps.config.publicUrl, limits };
  const call = await readRequest(request, address, {}, options);
  return hand(call, executionId, waiting, deps);
}

async function hand(
  call: WebhookRequest,
  executionId: string,
  waiting: Waiting,
  deps: ApiDependencies,
): Promise<WebhookResponse> {
  const receipt = await waiting.webhook.receive(waiting.node, call);
  if (receipt.kind === 'refused') return receipt.response;
  const messageId = `call:${executionId}:${waiting.seq}`;
  const resumed = await deps.engine.resume(executionId, { messageId, items: receipt.items });
  if (resumed.kind !== 'accepted') {
    throw resumed.kind === 'unknown'
      ? errors.EXECUTION_UNKNOWN({ id: executionId })
      : errors.EXECUTION_NOT_WAITING({ id: executionId });
  }
  quiet(resumed.handle);
  const { respond, status, data } = waiting.call;
  const answer = { ...receipt.answer, status, data: respond === 'onReceived' ? ('fixed' as const) : data };
  return outcomeOf(resumed.handle, { respond, answer }, deps.binary);
}

async function waitingRecord(executionId: string, { storage }: ApiDependencies): Promise<ExecutionRecord> {
  const id = executionId.slice(0, 40);
  const record = /^[0-9]{1,16}$/.test(executionId) ? await storage.journal.execution(executionId) : undefined;
  if (record === undefined) throw errors.EXECUTION_UNKNOWN({ id });
  if (record.status !== 'waiting') throw errors.EXECUTION_NOT_WAITING({ id });
  return record;
}

async function waitOf(record: ExecutionRecord, deps: ApiDependencies): Promise<Waiting> {
  const found = await lastWait(record, deps);
  const stored = await deps.definitions.load(record.workflowId, record.workflowVersion);
  const node = found === undefined ? undefined : stored?.definition.node.get(found.event.node);
  const webhook = node === undefined ? undefined : deps.catalog.find(node.type, node.typeVersion)?.webhook;
  if (found === undefined || node === undefined || webhook === undefined || found.event.resume === undefined) {
    throw errors.WEBHOOK_NODE_UNSUPPORTED({ node: found?.event.node ?? '' });
  }
  return { seq: found.seq, node, webhook, call: ruleOf(found.event.resume) };
}

async function lastWait(
  record: ExecutionRecord,
  { storage }: ApiDependencies,
): Promise<{ seq: number; event: ExecutionWaiting } | undefined> {
  const tailFrom = Math.max(0, record.lastSeq - TAIL_ROWS);
  for (const afterSeq of tailFrom === 0 ? [0] : [tailFrom, 0]) {
    const events = await storage.journal.read(record.id, { afterSeq });
    for (const { seq, event } of events.toReversed()) {
      if (event.type !== 'execution.waiting') continue;
      return event.reason === 'webhook' || event.reason === 'form' ? { seq, event } : undefined;
    }
  }
  return undefined;
}

function ruleOf(resume: JsonObject): ResumeRule {
  const { method, suffix, respond, status, data } = resume;
  return {
    method: typeof method === 'string' ? method : 'GET',
    suffix: typeof suffix === 'string' ? suffix.replace(/^\/+|\/+$/g, '') : '',
    respond: respond === 'lastNode' || respond === 'responseNode' ? respond : 'onReceived',
    status: typeof status === 'number' ? status : 200,
    data: data === 'allEntries' || data === 'firstEntryBinary' || data === 'noData' ? data : 'firstEntryJson',
  };
}
