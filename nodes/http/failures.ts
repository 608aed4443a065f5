import { TroupeError } from '#workflow';

import { errors } from '../errors.ts';
import { isRecord } from '../values.ts';

const TEXTS: Record<string, string> = {
  ECONNRESET:
    'The connection to the server was closed unexpectedly, perhaps it is offline. You can retry the request immediately or wait and retry later.',
  ENOTFOUND: 'The connection cannot be established, this usually occurs due to an incorrect host (domain) value',
  ETIMEDOUT: "The connection timed out, consider setting the 'Retry on Fail' option in the node settings",
  ERRADDRINUSE:
    'The port is already occupied by some other application, if possible change the port or kill the application that is using it',
  EADDRNOTAVAIL: 'The address is not available, ensure that you have the right IP address',
  ECONNABORTED: 'The connection was aborted, perhaps the server is offline',
  EHOSTUNREACH: 'The host is unreachable, perhaps the server is offline',
  EAI_AGAIN: 'The DNS server returned an error, perhaps the server is offline',
};

/** A failure of the network as a row of the table; errors of ours are passed on. */
export function failureOf(failure: unknown, url: string): Error {
  const root = rootOf(failure);
  if (root instanceof TroupeError) return root;
  const code = isRecord(root) && typeof root['code'] === 'string' ? root['code'] : '';
  const message = root instanceof Error ? root.message : String(root);
  if (code === 'ECONNREFUSED') {
    return errors.HTTP_CONNECTION_REFUSED({ address: url, httpCode: code, messages: [message] }, failure);
  }
  return errors.HTTP_CONNECTION_FAILED(
    { url, reason: TEXTS[code] ?? message, httpCode: code, messages: [message] },
    failure,
  );
}

/** The error below the wrappers of undici and of connection attempts to several addresses. */
function rootOf(failure: unknown): unknown {
  if (failure instanceof TroupeError) return failure;
  if (failure instanceof AggregateError && failure.errors.length > 0) return rootOf(failure.errors[0]);
  if (failure instanceof Error && failure.cause instanceof Error) return rootOf(failure.cause);
  return failure;
}
