/** One request of a chain of redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** Headers that carry secrets: they belong to the host they were made for. */
const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization', 'www-authenticate']);
const SECRET_NAME = /api[-_]?key|token|secret|password|credential|signature/i;
const BODY_HEADERS = new Set(['content-type', 'content-length', 'content-encoding', 'transfer-encoding']);

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/**
 * The next request: 303, and 301/302 of a POST, become a GET without body; another origin gets no secrets and no
 * `host`, nor does a step from https down to http.
 */
export function afterRedirect(hop: Hop, status: number, url: URL): Hop {
  const toGet =
    (status === 303 && hop.method !== 'HEAD') || ((status === 301 || status === 302) && hop.method === 'POST');
  const foreign = url.origin !== hop.url.origin;
  const kept = Object.entries(hop.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    if (toGet && BODY_HEADERS.has(lower)) return false;
    return !(foreign && (lower === 'host' || SECRET.has(lower) || SECRET_NAME.test(lower)));
  });
  const headers = Object.fromEntries(kept);
  if (toGet) return { url, method: 'GET', headers };
  return { url, method: hop.method, headers, ...(hop.body === undefined ? {} : { body: hop.body }) };
}
