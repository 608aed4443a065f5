import Type from 'typebox';
import type { ApiDependencies } from '../ports.ts';
import { route, type Route } from '../route.ts';

const Member = Type.Object({ member: Type.String({ minLength: 1, maxLength: 128 }) });

/** The members with their leases and shards, and the wish that one of them drains. */
export function memberRoutes({ cluster }: ApiDependencies): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/cluster/members',
      permission: 'cluster:read',
      handle: async () => ({ data: (await cluster?.members()) ?? [] }),
    }),
    route({
      method: 'GET',
      url: '/api/v1/cluster/shards',
      permission: 'cluster:read',
      handle: async () => ({ data: (await cluster?.shards()) ?? [] }),
    }),
    route({
      method: 'POST',
      url: '/api/v1/cluster/members/:member/drain',
      permission: 'cluster:write',
      params: Member,
      async handle({ params, status }) {
        status(202);
        return cluster?.drain(params.member);
      },
    }),
  ];
}
