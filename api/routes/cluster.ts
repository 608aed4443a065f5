import type { ApiDependencies } from '../ports.ts';
import { route, type Route } from '../route.ts';

/**
 * The live supervision tree of all members, each row with the name of its member. `members` says of each how many rows
 * it told, how many were left out, and why it told nothing where it did not.
 */
export function clusterRoutes(deps: ApiDependencies): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/actors',
      permission: 'cluster:read',
      async handle() {
        const trees = await deps.engine.trees();
        return {
          data: trees.flatMap(({ member, rows }) => rows.map((row) => ({ ...row, member }))),
          breakers: trees.flatMap(({ member, breakers }) => breakers.map((breaker) => ({ ...breaker, member }))),
          members: trees.map(({ member, bootId, rows, omitted, failure }) => {
            return { member, bootId, rows: rows.length, omitted, ...(failure !== undefined && { failure }) };
          }),
        };
      },
    }),
  ];
}
