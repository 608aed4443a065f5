import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { keyOf, type Gate } from './auth.ts';
import { errors } from './errors.ts';
import { PUBLIC_ROUTES, type Identity, type Permission } from './permissions.ts';

/** One call as a handler sees it: validated input and who calls. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly identity: Identity;
  /** Sets the status of the answer; 200 unless called. */
  status(code: number): void;
  readonly reply: FastifyReply;
}

interface RouteSpec<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Required: there is no route without a decision who may call it. */
  readonly permission: Permission | 'public';
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  handle(call: Call<Static<P>, Static<Q>, Static<B>>): unknown;
}

/** A route with its types folded away, ready to be registered. */
export interface Route {
  readonly method: string;
  readonly url: string;
  readonly permission: Permission | 'public';
  register(app: FastifyInstance, gate: Gate): void;
}

const NOBODY: Identity = { ownerId: '', permissions: new Set() };

/**
 * Declares a route. Steps of a call, each with its error exit:
 *
 *   key -> 401   permission -> 403   body size, type, JSON -> 413 415 400   schemas -> 400   handler -> its errors
 */
export function route<P extends TSchema, Q extends TSchema, B extends TSchema>(spec: RouteSpec<P, Q, B>): Route {
  const { method, url, permission, params, query, body } = spec;
  return { method, url, permission, register };

  function register(app: FastifyInstance, gate: Gate): void {
    if (permission === 'public' && !PUBLIC_ROUTES.has(`${method} ${url}`)) {
      throw errors.ROUTE_UNPROTECTED({ route: `${method} ${url}` });
    }
    const identities = new WeakMap<object, Identity>();
    app.route({
      method,
      url,
      schema: {
        ...(params === undefined ? {} : { params }),
        ...(query === undefined ? {} : { querystring: query }),
        ...(body === undefined ? {} : { body }),
      },
      onRequest: async (request) => {
        if (permission === 'public') return;
        identities.set(request, await gate.admit(keyOf(request.headers), permission));
      },
      preValidation: async (request) => {
        // Every member of most bodies is optional: no body says the same as an empty one.
        if (body !== undefined) request.body ??= {};
      },
      handler: async (request, reply) =>
        spec.handle({
          // The validator has held these three against the very schemas their types come from.
          params: request.params as Static<P>,
          query: request.query as Static<Q>,
          body: request.body as Static<B>,
          identity: identities.get(request) ?? NOBODY,
          status: (code) => void reply.code(code),
          reply,
        }),
    });
  }
}
