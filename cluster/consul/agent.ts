import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import type Consul from 'consul';
import type { TroupeError } from '#workflow';
import { errors } from '../errors.ts';
import { CONSUL_CALL_MS } from '../limits.ts';
import type { ConsulService } from './service.ts';

/** The calls of a Consul agent that membership needs. Each rejects with CONSUL_UNAVAILABLE or CONSUL_REFUSED. */
export interface ConsulAgent {
  register(service: ConsulService): Promise<void>;
  /** A sign of life for a check with a time to live. Refused when the agent does not know the check. */
  pass(checkId: string): Promise<void>;
  /** Whether the agent knows this service. */
  knows(serviceId: string): Promise<boolean>;
  deregister(serviceId: string): Promise<void>;
  /** Answers at once with index `0`, else when something changed after that index, or after `waitMs`. */
  services(name: string, index: string, waitMs: number): Promise<ConsulAnswer>;
  /** Ends what is under way; later calls reject. */
  close(): void;
}

/** One answer about a service. */
export interface ConsulAnswer {
  /** As it came; not to be trusted. */
  readonly entries: unknown;
  /** Of the header X-Consul-Index; some proxies drop it. */
  readonly index: string | undefined;
}

/** Where the agent is, as CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN say. */
export interface ConsulPlace {
  /** `http://…`, `https://…` or `host:port`. */
  readonly address: string;
  readonly token?: string | undefined;
}

/** Connects at the first call. Throws CONSUL_ADDRESS_INVALID. */
export function consulAgent({ address, token }: ConsulPlace): ConsulAgent {
  const url = urlOf(address);
  // An emitter as context is how the client of the package is told to stop, and to show the answer's headers.
  const stop = Object.assign(new EventEmitter(), { includeResponse: true, canceled: false });
  stop.setMaxListeners(0);
  let client: Promise<Consul> | undefined;
  const connect = (): Promise<Consul> => (client ??= open(url));
  const ask = async (path: string, call: (consul: Consul) => Promise<unknown>): Promise<unknown> => {
    try {
      return await call(await connect());
    } catch (cause) {
      throw failureOf(url, path, cause);
    }
  };
  const brief = { ...(token && { token }), ctx: stop, timeout: CONSUL_CALL_MS };
  return {
    register: async (service) => {
      const options = { ...service, check: { timeout: '', ...service.check }, ...brief };
      await ask('register', (consul) => consul.agent.service.register(options));
    },
    pass: async (id) => void (await ask('pass', (consul) => consul.agent.check.pass({ id, ...brief }))),
    knows: async (id) => id in bodyOf(await ask('services', (consul) => consul.agent.service.list({ ...brief }))),
    deregister: async (id) =>
      void (await ask('deregister', (consul) => consul.agent.service.deregister({ id, ...brief }))),
    async services(service, index, waitMs) {
      // Consul adds up to a sixteenth to the wait, so that answers spread.
      const timeout = waitMs + waitMs / 16 + CONSUL_CALL_MS;
      const options = { ...brief, service, index, wait: `${waitMs / 1000}s`, timeout };
      const answer = await ask('health', (consul) => consul.health.service(options));
      return { entries: bodyOf(answer), index: indexOf(answer) };
    },
    close() {
      stop.canceled = true;
      stop.emit('cancel');
      void client?.then((consul) => consul.destroy());
    },
  };
}

async function open(url: URL): Promise<Consul> {
  // Loaded by those who have a Consul only.
  const { default: Client } = await import('consul');
  const secure = url.protocol === 'https:';
  const port = Number(url.port) || (secure ? HTTPS_PORT : HTTP_PORT);
  return new Client({ host: url.hostname, port, secure });
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

function urlOf(address: string): URL {
  const text = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw errors.CONSUL_ADDRESS_INVALID({ address });
  return url;
}

/** The client answers with response and body where it is asked for the response. */
function bodyOf(answer: unknown): object {
  const body: unknown = Array.isArray(answer) ? answer[1] : undefined;
  return typeof body === 'object' && body !== null ? body : {};
}

function indexOf(answer: unknown): string | undefined {
  const response: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const headers = response instanceof IncomingMessage ? response.headers : {};
  const index = headers['x-consul-index'];
  return typeof index === 'string' ? index : undefined;
}

function failureOf(url: URL, call: string, cause: unknown): TroupeError {
  const status: unknown = cause instanceof Error ? Reflect.get(cause, 'statusCode') : undefined;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const where = url.host;
  return typeof status === 'number'
    ? errors.CONSUL_REFUSED({ address: where, call, answer: status, reason }, cause)
    : errors.CONSUL_UNAVAILABLE({ address: where, call, reason }, cause);
}
