import { errors } from '../errors.ts';
import { keyOf } from '../auth.ts';
import type { ApiDependencies } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { sameSecret } from '../secret.ts';

/** Liveness says that the event loop answers and looks at nothing else; readiness says whether to send calls here. */
export function healthRoutes(deps: ApiDependencies, closing: () => boolean): Route[] {
  const live = () => ({ status: 'ok' });
  const readiness = async (): Promise<readonly string[]> => {
    if (closing()) return ['shutting down'];
    try {
      return await deps.ready();
    } catch (error) {
      deps.log.warn({ err: error }, 'readiness check failed');
      return ['the readiness check failed'];
    }
  };
  const ready = (url: string): Route =>
    route({
      method: 'GET',
      url,
      permission: 'public',
      async handle({ status }) {
        const reasons = await readiness();
        if (reasons.length === 0) return { status: 'ok' };
        status(503);
        return { status: 'error', reasons };
      },
    });
  return [
    route({ method: 'GET', url: '/health', permission: 'public', handle: live }),
    route({ method: 'GET', url: '/healthz', permission: 'public', handle: live }),
    ready('/ready'),
    ready('/healthz/readiness'),
    route({
      method: 'GET',
      url: '/metrics',
      permission: 'public',
      async handle({ reply }) {
        const token = deps.config.metricsToken;
        if (token !== undefined && !sameSecret(keyOf(reply.request.headers), token)) throw errors.UNAUTHORIZED({});
        void reply.type(deps.metrics.contentType);
        return deps.metrics.text();
      },
    }),
  ];
}
