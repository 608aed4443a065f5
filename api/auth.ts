import type { Clock } from '#runtime';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { errors } from './errors.ts';
import type { ApiLimits } from './limits.ts';
import type { ApiStorage } from './ports.ts';
import { allows, type Identity, type Permission } from './permissions.ts';

/** Checks keys: the same for API calls and sockets. */
export interface Gate {
  /** Who the key belongs to. Throws UNAUTHORIZED. */
  identify(key: string | undefined): Promise<Identity>;
  /** As `identify`, and may do this. Throws UNAUTHORIZED, FORBIDDEN. */
  admit(key: string | undefined, permission: Permission): Promise<Identity>;
}

/** The key of a call: `X-N8N-API-KEY`, or `Authorization: Bearer`. */
export function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const own = headers['x-n8n-api-key'];
  if (typeof own === 'string' && own !== '') return own;
  const match = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '');
  return match?.[1];
}

/**
 * Makes the gate. Answers of the store are remembered for KEY_CACHE_MS by the hash of the key, so a busy caller does
 * not cost a query per call and a heap dump holds no keys.
 */
export function createGate(apiKeys: ApiStorage['apiKeys'], clock: Clock, limits: ApiLimits): Gate {
  const cache = new Map<string, { identity: Identity; until: number }>();
  const gate: Gate = {
    async identify(key) {
      if (key === undefined || key.length > limits.API_KEY_CHARACTERS) throw errors.UNAUTHORIZED({});
      const hash = createHash('sha256').update(key).digest('base64');
      const known = cache.get(hash);
      if (known !== undefined && known.until > clock.monotonic()) return known.identity;
      cache.delete(hash);
      const identity = await apiKeys.identify(key);
      if (identity === undefined) throw errors.UNAUTHORIZED({});
      evictOldest(cache, limits.KEY_CACHE_ENTRIES);
      cache.set(hash, { identity, until: clock.monotonic() + limits.KEY_CACHE_MS });
      return identity;
    },
    async admit(key, permission) {
      const identity = await gate.identify(key);
      if (!allows(identity, permission)) throw errors.FORBIDDEN({ permission });
      return identity;
    },
  };
  return gate;
}

function evictOldest(cache: Map<string, unknown>, limit: number): void {
  if (cache.size < limit) return;
  const oldest = cache.keys().next();
  if (oldest.done !== true) cache.delete(oldest.value);
}
