import type { ApiDependencies } from '../ports.ts';
import { route, type Route } from '../route.ts';

/** The live supervision tree of this member. */
export function clusterRoutes(deps: ApiDependencies): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/actors',
      permission: 'cluster:read',
      handle: () => ({ data: deps.engine.tree(), breakers: deps.engine.breakers() }),
    }),
  ];
}
