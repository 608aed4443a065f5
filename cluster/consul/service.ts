import type { MemberInfo } from '#runtime';
import { errors } from '../errors.ts';
import * as limits from '../limits.ts';

/** How Consul finds out that a member is ill: by its silence, or by asking `<address>/health` itself. */
export type ConsulCheck = 'ttl' | 'http';

/** What is registered at the agent; see its endpoint `/v1/agent/service/register`. */
export interface ConsulService {
  readonly id: string;
  readonly name: string;
  readonly tags: string[];
  readonly meta: Record<string, string>;
  readonly address?: string;
  readonly port?: number;
  readonly check: ConsulCheckDefinition;
}

/** A check with a time to live, or one that the agent performs over HTTP; durations with their unit. */
export interface ConsulCheckDefinition {
  readonly name: string;
  readonly checkid: string;
  readonly status: string;
  readonly deregistercriticalserviceafter: string;
  readonly ttl?: string;
  readonly http?: string;
  readonly interval?: string;
  readonly timeout?: string;
}

/** Id of a member's check at the agent. */
export function checkIdOf(bootId: string): string {
  return `troupe:${bootId}`;
}

/** Id of a member's service at the agent. */
export function serviceIdOf(bootId: string): string {
  return `troupe-${bootId}`;
}

/** A member as a service. What others need is in `meta`: names of tags and addresses are free there. */
export function serviceOf(member: MemberInfo, name: string, check: ConsulCheck): ConsulService {
  const { address } = member;
  return {
    id: serviceIdOf(member.bootId),
    name,
    tags: [...member.tags],
    meta: {
      bootId: member.bootId,
      member: member.name,
      draining: String(member.draining),
      ...(address !== undefined && { url: address }),
    },
    ...(address !== undefined && placeOf(address)),
    check: {
      name: `${name} member ${member.name}`,
      checkid: checkIdOf(member.bootId),
      status: 'passing',
      deregistercriticalserviceafter: `${limits.CONSUL_FORGET_MS / 1000}s`,
      ...(check === 'http' && address !== undefined ? httpCheck(address) : { ttl: `${limits.CONSUL_TTL_MS / 1000}s` }),
    },
  };
}

function httpCheck(address: string): Pick<ConsulCheckDefinition, 'http' | 'interval' | 'timeout'> {
  return {
    http: `${address.replace(/\/$/, '')}/health`,
    interval: `${limits.CONSUL_BEAT_MS / 1000}s`,
    timeout: `${limits.CONSUL_CALL_MS / 1000}s`,
  };
}

function placeOf(address: string): { address: string; port: number } {
  if (!URL.canParse(address)) throw errors.MEMBER_ADDRESS_INVALID({ address });
  const { hostname, port, protocol } = new URL(address);
  // A URL writes IPv6 in brackets, Consul without.
  return { address: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/**
 * The members in an answer of `/v1/health/service/:name`; a service with a critical check is not there. What is no
 * member of ours, such as a service of that name that somebody else registered, is passed over.
 */
export function membersIn(answer: unknown): MemberInfo[] {
  return Array.isArray(answer) ? answer.flatMap((entry: unknown) => memberIn(entry) ?? []) : [];
}

function memberIn(entry: unknown): MemberInfo | undefined {
  const service = fieldOf(entry, 'Service');
  const meta = fieldOf(service, 'Meta');
  const [bootId, name, url] = [fieldOf(meta, 'bootId'), fieldOf(meta, 'member'), fieldOf(meta, 'url')];
  if (typeof bootId !== 'string' || typeof name !== 'string') return undefined;
  if (listOf(fieldOf(entry, 'Checks')).some((check) => fieldOf(check, 'Status') === 'critical')) return undefined;
  const tags = listOf(fieldOf(service, 'Tags')).filter((tag) => typeof tag === 'string');
  const draining = fieldOf(meta, 'draining') === 'true';
  return { bootId, name, tags, draining, ...(typeof url === 'string' && { address: url }) };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
