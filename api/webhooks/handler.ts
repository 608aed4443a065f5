import type { RunHandle, StartRequest } from '#actors';
import type { WebhookResponse } from '#workflow';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors } from '../errors.ts';
import { linger } from '../linger.ts';
import { problemOf } from '../problems.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { answerOfFirst } from './duplicate.ts';
import { outcomeOf, type AnswerPlan } from './outcome.ts';
import type { WebhookMatch } from './registry.ts';
import { addressOf, idempotencyKeyOf, readRequest, type Address } from './request.ts';
import { quiet } from './quiet.ts';
import { writeAnswer } from './respond.ts';
import { resumeCall } from './resume.ts';
import type { WebhookServing } from './serving.ts';

/** Answers calls under `/webhook`; never throws and never rejects. */
export type WebhookHandler = (request: IncomingMessage, reply: ServerResponse) => void;

/** Prefixes of the three kinds of calls, which are also their labels in the metrics. */
const KINDS = [
  { prefix: '/webhook/', endpoint: '/webhook/*', kind: 'production' },
  { prefix: '/webhook-test/', endpoint: '/webhook-test/*', kind: 'test' },
  { prefix: '/webhook-waiting/', endpoint: '/webhook-waiting/*', kind: 'waiting' },
] as const;

type Kind = (typeof KINDS)[number];

/** True for paths that go to the webhook handler and nowhere else. */
export function isWebhookUrl(url: string): boolean {
  return url.startsWith('/webhook') && KINDS.some(({ prefix }) => url.startsWith(prefix));
}

/**
 * The hot path: a call goes from the socket to the engine without a framework in between.
 *
 *   address -> 404      body -> 413 400 415      node's own checks -> its refusal      start -> 429 503
 *   run -> commit -> answer
 */
export function createWebhookHandler(serving: WebhookServing): WebhookHandler {
  const { clock, metrics } = serving.deps;
  return (request, reply) => {
    const begun = clock.monotonic();
    const kind = KINDS.find(({ prefix }) => request.url?.startsWith(prefix) === true) ?? KINDS[0];
    void answerCall(request, reply, kind, serving).then((bytes) => {
      metrics.httpAnswered(
        request.method ?? 'GET',
        kind.endpoint,
        reply.statusCode,
        (clock.monotonic() - begun) / 1000,
        bytes,
      );
    });
  };
}

async function answerCall(
  request: IncomingMessage,
  reply: ServerResponse,
  kind: Kind,
  serving: WebhookServing,
): Promise<number> {
  let cors: Record<string, string> = {};
  try {
    if (serving.closing()) throw errors.GATEWAY_CLOSING({});
    const address = addressOf(request.url ?? '', kind.prefix, serving.limits);
    if (kind.kind === 'waiting') {
      const resumed = await resumeCall(request, address, serving);
      return writeAnswer(reply, resumed, parting(cors, serving));
    }
    if (request.method === 'OPTIONS') return await preflight(request, reply, address, kind, serving);
    const match = known(request, address, kind, serving) ?? (await sought(request, address, kind, serving));
    cors = corsHeaders(request, match.target.allowedOrigins);
    const answer = await runCall(request, address, match, kind, serving);
    return writeAnswer(reply, answer, parting(cors, serving));
  } catch (error) {
    return writeProblem(request, reply, error, cors, serving);
  }
}

/** A stopping member gives its last answers with word not to come back over this connection. */
function parting(headers: Record<string, string>, { closing }: WebhookServing): Record<string, string> {
  return closing() ? { ...headers, connection: 'close' } : headers;
}

/** The usual case, in which nothing is waited for. */
function known(
  { method = 'GET' }: IncomingMessage,
  { path }: Address,
  kind: Kind,
  { registry }: WebhookServing,
): WebhookMatch | undefined {
  return kind.kind === 'test' ? undefined : registry.find(method, path);
}

/** An address that is not known here: another member may have opened it a moment ago. */
async function sought(
  request: IncomingMessage,
  { path }: Address,
  kind: Kind,
  { tests, activation, registry }: WebhookServing,
): Promise<WebhookMatch> {
  const method = request.method ?? 'GET';
  const test = kind.kind === 'test';
  if (!test) await activation.look();
  const match = test ? await tests.take(method, path) : registry.find(method, path);
  // Nobody listened to the call meanwhile: its body would never come to an end.
  if (request.destroyed && !request.complete) throw errors.CLIENT_GONE({});
  if (match !== undefined) return match;
  throw test ? errors.WEBHOOK_TEST_UNKNOWN({ method, path }) : errors.WEBHOOK_UNKNOWN({ method, path });
}

async function runCall(
  request: IncomingMessage,
  address: Address,
  { target, params }: WebhookMatch,
  kind: Kind,
  serving: WebhookServing,
): Promise<WebhookResponse> {
  const { deps, limits } = serving;
  const key = idempotencyKeyOf(request, limits);
  const test = kind.kind === 'test';
  const options = { binary: deps.binary, test, publicUrl: deps.config.publicUrl, limits };
  const call = await readRequest(request, address, params, options);
  const receipt = await target.webhook.receive(target.node, call);
  if (receipt.kind === 'refused') return receipt.response;
  if (target.fault !== undefined) return target.fault;
  const start: StartRequest = {
    workflow: target.workflow,
    workflowVersion: target.version,
    mode: test ? 'manual' : 'webhook',
    trigger: target.node.name,
    items: receipt.items,
    acceptEarly: target.respond === 'onReceived',
  };
  if (key !== undefined) start.idempotencyKey = key;
  const plan = { respond: target.respond, answer: receipt.answer };
  return finish(deps.engine.start(start), plan, key !== undefined, serving);
}

/** Waits for the answer of a started run; a key that was used before gets the answer of the run it belongs to. */
async function finish(
  handle: RunHandle,
  plan: AnswerPlan,
  keyed: boolean,
  { deps, limits }: WebhookServing,
): Promise<WebhookResponse> {
  quiet(handle);
  if (keyed && plan.respond !== 'onReceived') {
    const { executionId, duplicate } = await handle.accepted;
    if (duplicate) return answerOfFirst(executionId, plan, deps, limits);
  }
  return outcomeOf(handle, plan, deps.binary);
}

async function preflight(
  request: IncomingMessage,
  reply: ServerResponse,
  { path }: Address,
  kind: Kind,
  { registry, tests, activation }: WebhookServing,
): Promise<number> {
  if (kind.kind === 'production' && registry.methodsOf(path).length === 0) await activation.look();
  const methods = kind.kind === 'test' ? await tests.methodsOf(path) : registry.methodsOf(path);
  if (methods.length === 0) throw errors.WEBHOOK_UNKNOWN({ method: 'OPTIONS', path });
  const wanted = request.headers['access-control-request-method'] ?? methods[0] ?? 'GET';
  const target = kind.kind === 'test' ? undefined : registry.find(wanted, path)?.target;
  reply.writeHead(204, preflightHeaders(request, methods, target?.allowedOrigins ?? '*')).end();
  return 0;
}

function writeProblem(
  request: IncomingMessage,
  reply: ServerResponse,
  error: unknown,
  cors: Record<string, string>,
  serving: WebhookServing,
): number {
  const { deps } = serving;
  const requestId = deps.random.hex(8);
  const { status, headers, body, cause } = problemOf(error, requestId);
  if (cause !== undefined) deps.log.error({ requestId, err: cause, code: body.code }, 'webhook call failed');
  if (reply.headersSent || reply.destroyed) return 0;
  const text = JSON.stringify(body);
  if (status === 413) linger(request, deps.clock);
  reply.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
    ...parting(cors, serving),
  });
  reply.end(text);
  return text.length;
}
