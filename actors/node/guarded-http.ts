import type { HttpClient, OutgoingRequest, OutgoingResponse } from '#runtime';
import { errors } from '../errors.ts';
import type { BreakerGate } from '../services.ts';

/**
 * The HTTP client of a node, behind the breaker of (host, node type). An open breaker refuses at once with
 * BREAKER_OPEN, which is a failure like another to the node: it takes the node's retry path, and no item is lost.
 */
export function guardedHttp(http: HttpClient, breakers: BreakerGate, nodeType: string): HttpClient {
  return {
    async request(request: OutgoingRequest): Promise<OutgoingResponse> {
      const breaker = breakerName(request.url, nodeType);
      const admission = breakers.admit(breaker);
      if (!admission.admitted) {
        throw errors.BREAKER_OPEN({ breaker, retryAt: new Date(admission.retryAt).toISOString() });
      }
      try {
        const response = await http.request(request);
        breakers.record(breaker, isOutage(response.status) ? 'failure' : 'ok');
        return response;
      } catch (error) {
        // A call that we ended ourselves says nothing about the target.
        breakers.record(breaker, request.signal.aborted ? 'ok' : 'failure');
        throw error;
      }
    },
  };
}

/** Answers that say the target itself is in trouble; other errors are about the request. */
function isOutage(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

function breakerName(url: string, nodeType: string): string {
  const host = URL.canParse(url) ? new URL(url).host : 'invalid';
  return `${host}/${nodeType.slice(nodeType.lastIndexOf('.') + 1)}`;
}
