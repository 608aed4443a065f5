import type { ApiDependencies } from '../ports.ts';
import { route, type Route } from '../route.ts';

/** The live supervision tree of this member, and the members with their leases. */
export function clusterRoutes(deps: ApiDependencies): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/actors',
      permission: 'cluster:read',
      handle: () => ({ data: deps.engine.tree(), breakers: deps.engine.breakers() }),
    }),
    route({
      method: 'GET',
      url: '/api/v1/cluster/members',
      permission: 'cluster:read',
      handle: async () => ({ data: (await deps.members?.()) ?? [] }),
    }),
  ];
}
