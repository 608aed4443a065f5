import type { IncomingMessage } from 'node:http';

const PREFLIGHT_SECONDS = '300';

/** Headers that let a browser read the answer; none when the caller is no browser or its origin is not allowed. */
export function corsHeaders(request: IncomingMessage, allowedOrigins: string): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined || !isAllowed(origin, allowedOrigins)) return {};
  return { 'access-control-allow-origin': origin, vary: 'Origin' };
}

/** Answer to a preflight of a path that takes these methods. */
export function preflightHeaders(
  request: IncomingMessage,
  methods: readonly string[],
  allowedOrigins: string,
): Record<string, string> {
  const wanted = request.headers['access-control-request-headers'];
  return {
    ...corsHeaders(request, allowedOrigins),
    'access-control-allow-methods': ['OPTIONS', ...methods].join(', '),
    ...(wanted === undefined ? {} : { 'access-control-allow-headers': wanted }),
    'access-control-max-age': PREFLIGHT_SECONDS,
  };
}

function isAllowed(origin: string, allowedOrigins: string): boolean {
  if (allowedOrigins === '*') return true;
  return allowedOrigins.split(',').some((allowed) => {
    const wanted = allowed.trim();
    return wanted === '*' || wanted === origin;
  });
}
