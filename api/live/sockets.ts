import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { keyOf, type Gate } from '../auth.ts';
import { errors } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import type { Identity } from '../permissions.ts';
import type { ApiDependencies } from '../ports.ts';
import { problemOf } from '../problems.ts';
import { Tail } from './tail.ts';
import { topicOf } from './topics.ts';
import { Watcher } from './watcher.ts';

/** The live sockets of this member. */
export interface Live {
  /** Disconnects every socket. */
  close(): Promise<void>;
}

/**
 * Attaches socket.io to the HTTP server. Grammar, client to server, each with an acknowledgement `{ok: true}` or
 * `{error: {message, code, hint}}`:
 *
 *   connect      auth {apiKey | token}, or the headers of an API call
 *   subscribe    {executionId, afterSeq?, data?} | {workflowId, afterSeq?, data?} | {tree: true}
 *   unsubscribe  the same topic
 *
 * Server to client: `event` (a run event, in seq order without gaps) and `tree` (for those with cluster:read).
 */
export function attachLive(server: HttpServer, deps: ApiDependencies, gate: Gate, limits: ApiLimits): Live {
  const io = new Server(server, {
    serveClient: false,
    maxHttpBufferSize: limits.SOCKET_MESSAGE_BYTES,
    ...(deps.config.allowedOrigins === undefined ? {} : { cors: { origin: [...deps.config.allowedOrigins] } }),
  });
  const identities = new WeakMap<Socket, Identity>();
  io.use((socket, next) => {
    admit(socket, io, gate, limits).then(
      (identity) => {
        identities.set(socket, identity);
        next();
      },
      (error: unknown) => next(refusal(error, deps)),
    );
  });
  const { hub, clock, peers, storage } = deps;
  const tail = peers && new Tail({ hub, clock, peers, journal: storage.journal });
  io.on('connection', (socket) => {
    const identity = identities.get(socket);
    if (identity !== undefined) serve(socket, identity, deps, limits, tail);
  });
  return {
    async close() {
      tail?.stop();
      io.disconnectSockets(true);
      io.engine.close();
    },
  };
}

async function admit(socket: Socket, io: Server, gate: Gate, limits: ApiLimits): Promise<Identity> {
  if (io.engine.clientsCount > limits.SOCKETS) throw errors.SOCKETS_EXCEEDED({ limit: limits.SOCKETS });
  const { apiKey, token } = socket.handshake.auth;
  const given: unknown = apiKey ?? token ?? keyOf(socket.handshake.headers);
  return gate.identify(typeof given === 'string' ? given : undefined);
}

/** socket.io hands `message` and `data` of the error to the client's `connect_error`. */
function refusal(error: unknown, deps: ApiDependencies): Error {
  const { body } = problemOf(error, deps.random.hex(8));
  return Object.assign(errors.UNAUTHORIZED({}), { message: body.message, data: body });
}

type Ack = (answer: { ok: true } | { error: unknown }) => void;

function serve(
  socket: Socket,
  identity: Identity,
  deps: ApiDependencies,
  limits: ApiLimits,
  tail: Tail | undefined,
): void {
  const sent = throttle(socket, limits);
  const watcher = new Watcher({
    deps,
    limits,
    identity,
    tail,
    event(event) {
      socket.emit('event', event);
      return sent();
    },
    tree(event) {
      socket.emit('tree', event);
      return sent();
    },
  });
  socket.on('disconnect', () => watcher.close());
  socket.on('subscribe', (topic: unknown, ack: unknown) => {
    answer(ack, deps, async () => watcher.subscribe(topicOf(topic)));
  });
  socket.on('unsubscribe', (topic: unknown, ack: unknown) => {
    answer(ack, deps, async () => watcher.unsubscribe(topicOf(topic)));
  });
}

/** Does what was asked, acknowledges, and only then lets events flow. */
function answer(ack: unknown, deps: ApiDependencies, work: () => Promise<(() => void) | void>): void {
  const reply: Ack = typeof ack === 'function' ? (value) => void ack(value) : () => {};
  work().then(
    (begin) => {
      reply({ ok: true });
      begin?.();
    },
    (error: unknown) => {
      const { body, cause } = problemOf(error, deps.random.hex(8));
      if (cause !== undefined) deps.log.error({ err: cause, code: body.code }, 'a live call failed');
      reply({ error: body });
    },
  );
}

/**
 * Counts what waits in the socket's write buffer (it is empty at every `drain`). Returns a function to call after each
 * send: it resolves when there is room, or the socket is gone.
 */
function throttle({ conn }: Socket, limits: ApiLimits): () => Promise<void> | void {
  let waiting = 0;
  const resumed: (() => void)[] = [];
  const free = (): void => {
    waiting = 0;
    for (const resume of resumed.splice(0)) resume();
  };
  conn.on('drain', free);
  conn.on('close', free);
  return () => {
    waiting += 1;
    if (waiting < limits.SOCKET_BUFFER_PACKETS || conn.readyState !== 'open') return undefined;
    return new Promise((resolve) => resumed.push(resolve));
  };
}
