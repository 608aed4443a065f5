import type { Clock } from '#runtime';
import type { IncomingMessage } from 'node:http';
import { API_LIMITS } from './limits.ts';

/**
 * Lets a caller whose body is refused read why. Closing at once would reset the connection under its hands; so the rest
 * is read and thrown away for LINGER_MS, and only who still sends then is cut off.
 */
export function linger(request: IncomingMessage, clock: Clock): void {
  if (request.complete) return;
  const cut = clock.after(API_LIMITS.LINGER_MS, () => request.destroy());
  request.once('close', cut);
  request.resume();
}
