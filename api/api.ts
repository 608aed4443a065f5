import fastify, { LogController, type FastifyInstance, type FastifyRequest, type RouteHandlerMethod } from 'fastify';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createActivation, type Activation } from './activation.ts';
import { createGate, type Gate } from './auth.ts';
import { errors } from './errors.ts';
import { parseJson } from './json.ts';
import { API_LIMITS, type ApiLimits } from './limits.ts';
import { linger } from './linger.ts';
import { attachLive, type Live } from './live/sockets.ts';
import type { ApiDependencies } from './ports.ts';
import { problemOf } from './problems.ts';
import type { Route } from './route.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { memberRoutes } from './routes/members.ts';
import { executeRoute } from './routes/execute.ts';
import { executionRoutes } from './routes/executions.ts';
import { healthRoutes } from './routes/health.ts';
import { workflowRoutes } from './routes/workflows.ts';
import { validatorCompiler } from './schema.ts';
import { createWebhookHandler, isWebhookUrl, type WebhookHandler } from './webhooks/handler.ts';
import { WebhookRegistry } from './webhooks/registry.ts';
import { TestListeners } from './webhooks/test-listeners.ts';

/** The gateway of this member: HTTP API, webhooks, metrics, health and live sockets on one port. */
export interface Api {
  /** Starts listening for webhooks of active workflows, then on the port. Returns the address as a URL. */
  listen(): Promise<string>;
  /** Stops accepting, lets calls in flight finish within CLOSE_MS, then closes what is left. Never rejects. */
  close(): Promise<void>;
  /** Where it listens; undefined before `listen` and after `close`. */
  address(): AddressInfo | undefined;
  /** Which workflows listen on this member. */
  readonly activation: Activation;
  /** Every API route, for tests and the documentation. */
  readonly routes: readonly Route[];
  /** For tests: requests without a port. */
  readonly inject: FastifyInstance['inject'];
}

/** Makes the gateway; nothing is opened before `listen`. */
export function createApi(deps: ApiDependencies): Api {
  const limits: ApiLimits = { ...API_LIMITS, ...deps.limits };
  let closing = false;
  const isClosing = (): boolean => closing;
  const registry = new WebhookRegistry(deps.catalog, limits);
  const tests = new TestListeners(deps, limits);
  const activation = createActivation(deps, registry, limits);
  const gate = createGate(deps.storage.apiKeys, deps.clock, limits);
  const webhooks = createWebhookHandler({ deps, limits, registry, tests, activation, closing: isClosing });
  const routes = [
    ...healthRoutes(deps, isClosing),
    ...workflowRoutes(deps, activation, tests),
    executeRoute(deps),
    ...executionRoutes(deps),
    ...clusterRoutes(deps),
    ...memberRoutes(deps),
  ];
  const app = createApp(deps, limits, webhooks, routes, gate);
  let live: Live | undefined;
  return {
    activation,
    routes,
    inject: app.inject.bind(app),
    async listen() {
      await activation.restore();
      await app.ready();
      live = attachLive(app.server, deps, gate, limits);
      return app.listen({ host: deps.config.host, port: deps.config.port });
    },
    async close() {
      closing = true;
      activation.stop();
      await live?.close();
      await closeWithin(app, deps, limits);
    },
    address() {
      const address = app.server.address();
      return address === null || typeof address === 'string' ? undefined : address;
    },
  };
}

function createApp(
  deps: ApiDependencies,
  limits: ApiLimits,
  webhooks: WebhookHandler,
  routes: readonly Route[],
  gate: Gate,
): FastifyInstance {
  const app: FastifyInstance = fastify({
    loggerInstance: deps.log,
    // Calls are counted, and logged at debug by `measure`.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.API_BODY_BYTES,
    requestTimeout: limits.REQUEST_MS,
    routerOptions: { maxParamLength: 512 },
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], deps),
    serverFactory: (handler) => serverOf(handler, webhooks, limits),
    forceCloseConnections: 'idle',
    frameworkErrors: (_error, _request, reply) => {
      reply.hijack();
      refuseUrl(reply.raw);
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  parseBodies(app, webhooks);
  answerErrors(app, deps);
  measure(app, deps);
  for (const route of routes) route.register(app, gate);
  return app;
}

function serverOf(
  handler: (request: IncomingMessage, reply: ServerResponse) => void,
  webhooks: WebhookHandler,
  limits: ApiLimits,
): Server {
  const options = { maxHeaderSize: limits.HEADER_BYTES, requestTimeout: limits.REQUEST_MS };
  return createServer(options, (request, reply) => {
    if (isWebhookUrl(request.url ?? '')) webhooks(request, reply);
    else handler(request, reply);
  });
}

function passOn(webhooks: WebhookHandler): RouteHandlerMethod {
  return (request, reply) => {
    reply.hijack();
    webhooks(request.raw, reply.raw);
  };
}

/** Callers may name their request, so that their log and ours can be laid side by side. */
function requestIdOf(given: string | string[] | undefined, { random }: ApiDependencies): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : random.hex(8);
}

/** JSON only, read by our own reader; an empty body is none. Nothing of a webhook's body is touched here. */
function parseBodies(app: FastifyInstance, webhooks: WebhookHandler): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : parseJson(String(body)));
    } catch (error) {
      done(error instanceof Error ? error : errors.BODY_NOT_JSON({ fault: 'unreadable' }));
    }
  });
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    // The server hands webhook calls over before they come here; these routes serve `inject`.
    for (const url of ['/webhook/*', '/webhook-test/*', '/webhook-waiting/*']) scope.all(url, passOn(webhooks));
  });
}

function answerErrors(app: FastifyInstance, deps: ApiDependencies): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, headers, body, cause } = problemOf(error, request.id);
    if (cause !== undefined) request.log.error({ requestId: request.id, err: cause, code: body.code }, 'call failed');
    if (status === 413) {
      reply.removeHeader('connection');
      linger(request.raw, deps.clock);
    }
    return reply.code(status).headers(headers).send(body);
  });
  app.setNotFoundHandler((request) => {
    throw errors.ROUTE_UNKNOWN({ method: request.method, path: request.url.split('?')[0] ?? '' });
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SAFE_HEADERS, 'x-request-id': request.id, ...browserHeaders(request, deps) });
    if (request.method === 'OPTIONS' && reply.hasHeader('access-control-allow-origin')) {
      return reply.code(204).headers(PREFLIGHT_HEADERS).send();
    }
    return undefined;
  });
}

/** The API is called by programs and our own pages: nothing of it may be framed, sniffed or cached. */
const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'authorization, content-type, x-n8n-api-key, x-request-id',
  'access-control-max-age': '600',
};

/** The router cannot read the address, so no hook and no handler ever sees this call. */
function refuseUrl(reply: ServerResponse): void {
  const { status, body } = problemOf(errors.URL_INVALID({ fault: 'it is not percent-encoded UTF-8' }), '');
  reply.writeHead(status, { ...SAFE_HEADERS, 'content-type': 'application/json; charset=utf-8' });
  reply.end(JSON.stringify(body));
}

/** Lets pages of the configured origins read the answers; without any configured none but our own can. */
function browserHeaders(request: FastifyRequest, { config }: ApiDependencies): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined || config.allowedOrigins?.includes(origin) !== true) return {};
  return { 'access-control-allow-origin': origin, vary: 'Origin' };
}

/** Counts answers by the pattern of their route; webhooks count themselves. */
function measure(app: FastifyInstance, { metrics, log }: ApiDependencies): void {
  app.addHook('onResponse', async (request, reply) => {
    if (isWebhookUrl(request.url)) return;
    const endpoint = request.routeOptions.url ?? 'unknown';
    const bytes = Number(reply.getHeader('content-length') ?? 0);
    metrics.httpAnswered(request.method, endpoint, reply.statusCode, reply.elapsedTime / 1000, bytes);
    log.debug({ requestId: request.id, method: request.method, endpoint, status: reply.statusCode }, 'answered');
  });
}

/** Closing waits for calls in flight; those that take too long are cut. */
async function closeWithin(app: FastifyInstance, { clock, log }: ApiDependencies, limits: ApiLimits): Promise<void> {
  const stop = clock.after(limits.CLOSE_MS, () => {
    log.warn({ deadlineMs: limits.CLOSE_MS }, 'calls in flight were cut at close');
    app.server.closeAllConnections();
  });
  try {
    await app.close();
  } catch (error) {
    log.error({ err: error }, 'the server did not close cleanly');
  } finally {
    stop();
  }
}
