import { TroupeError } from '#workflow';
import { errors } from './errors.ts';
import { API_LIMITS } from './limits.ts';

/** How an error leaves over HTTP; the one place where that is decided. The body is n8n's shape. */
export interface Problem {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: {
    readonly message: string;
    readonly code: string;
    readonly hint?: string;
    /** Faults of a workflow one by one, for editors. */
    readonly issues?: unknown;
  };
  /** Present when it is our fault: what the log gets and the caller does not. */
  readonly cause?: unknown;
}

/** Turns anything thrown into an answer. What is not a row of the table becomes INTERNAL, without its message. */
export function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof TroupeError) return fromRow(error);
  const known = fromHttpLayer(error);
  if (known !== undefined) return fromRow(known);
  return { ...fromRow(errors.INTERNAL({ requestId })), cause: error };
}

function fromRow(error: TroupeError): Problem {
  const { message, code, hint, status } = error;
  const headers: Record<string, string> = {};
  if (error.retryable && (status === 429 || status === 503)) headers['retry-after'] = retryAfter(error);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  const { issues } = error.details;
  const body = { message, code, ...(hint === undefined ? {} : { hint }), ...(issues === undefined ? {} : { issues }) };
  return status >= 500 && error.cause !== undefined
    ? { status, headers, body, cause: error.cause }
    : { status, headers, body };
}

function retryAfter(error: TroupeError): string {
  const seconds = error.details['retryAfterSeconds'];
  return String(typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : API_LIMITS.RETRY_AFTER_SECONDS);
}

/** What fastify itself refuses, in our words. */
function fromHttpLayer(error: unknown): TroupeError | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const status = error.statusCode;
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
  if (status === 413) return errors.BODY_TOO_LARGE({ bytes: API_LIMITS.API_BODY_BYTES });
  if (status === 415) return errors.BODY_TYPE_UNSUPPORTED({ type: 'this kind' });
  if (status === 414) return errors.URL_INVALID({ fault: 'it is too long' });
  return errors.BODY_MALFORMED({ kind: 'request', fault: error.message.slice(0, 200) });
}
