/** What a key may do. Every route names one; there is no default. */
export const PERMISSIONS = [
  'workflow:read',
  'workflow:write',
  'workflow:execute',
  'execution:read',
  'execution:write',
  'cluster:read',
  'cluster:write',
] as const;

/** One of {@link PERMISSIONS}. */
export type Permission = (typeof PERMISSIONS)[number];

/** Who calls, once the key has been looked up. */
export interface Identity {
  /** Id of the person or machine that the key belongs to. */
  readonly ownerId: string;
  /** `all` for the owner of the installation. */
  readonly permissions: ReadonlySet<string> | 'all';
}

/** True when the caller may do this. */
export function allows(identity: Identity, permission: Permission): boolean {
  return identity.permissions === 'all' || identity.permissions.has(permission);
}

/**
 * All routes that answer without a key, in one place. Everything else is refused by default. Webhooks check the
 * authentication that their node asks for; `/metrics` may be given a token.
 */
export const PUBLIC_ROUTES: ReadonlySet<string> = new Set([
  'GET /health',
  'GET /healthz',
  'GET /ready',
  'GET /healthz/readiness',
  'GET /metrics',
  'ANY /webhook/*',
  'ANY /webhook-test/*',
  'ANY /webhook-waiting/*',
]);
