import type { Config } from '../config.ts';
import { cliErrors } from '../errors.ts';
import { CLUSTER_CALL_MS, CLUSTER_DRAIN_SECONDS_MOST } from '../limits.ts';
import { EXIT } from '../output/complain.ts';
import type { Terminal } from '../terminal.ts';

/** Where to ask: any member of the cluster answers for all of them. */
export interface ClusterOptions {
  readonly url?: string;
  readonly apiKey?: string;
  /** Print JSON as the API gave it. */
  readonly json: boolean;
}

interface MemberRow {
  readonly bootId: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly address?: string;
  readonly state: string;
  readonly leaseLeftMs: number;
  readonly shards: number;
  readonly self: boolean;
}

interface ShardRow {
  readonly shard: number;
  readonly epoch: number;
  readonly member?: string;
}

/** `troupe cluster members`: who is there, with shards and leases. */
export async function clusterMembers(terminal: Terminal, config: Config, options: ClusterOptions): Promise<number> {
  const members = await list<MemberRow>(config, options, '/api/v1/cluster/members');
  if (options.json) return print(terminal, members);
  const head = ['member', 'state', 'shards', 'lease', 'tags', 'address', 'boot'];
  const rows = members.map((member) => [
    member.self ? `${member.name} *` : member.name,
    member.state,
    String(member.shards),
    `${(member.leaseLeftMs / 1000).toFixed(1)} s`,
    member.tags.join(',') || '-',
    member.address ?? '-',
    member.bootId.slice(0, 8),
  ]);
  terminal.out(asTable([head, ...rows]));
  return EXIT.ok;
}

/** `troupe cluster shards`: which member owns which shards, as ranges. */
export async function clusterShards(terminal: Terminal, config: Config, options: ClusterOptions): Promise<number> {
  const shards = await list<ShardRow>(config, options, '/api/v1/cluster/shards');
  if (options.json) return print(terminal, shards);
  const owners = new Map<string, ShardRow[]>();
  for (const row of shards) {
    const owner = row.member ?? '(nobody)';
    owners.set(owner, [...(owners.get(owner) ?? []), row]);
  }
  const rows = [...owners].map(([owner, owned]) => [
    owner,
    String(owned.length),
    ranges(owned.map(({ shard }) => shard)),
  ]);
  terminal.out(asTable([['member', 'shards', 'which'], ...rows]));
  return EXIT.ok;
}

/** `troupe cluster drain NAME`: a member gives its shards away; waits until it has none. */
export async function clusterDrain(
  terminal: Terminal,
  config: Config,
  options: ClusterOptions,
  member: string,
): Promise<number> {
  await call(config, options, 'POST', `/api/v1/cluster/members/${encodeURIComponent(member)}/drain`);
  const deadline = terminal.monotonic() + CLUSTER_DRAIN_SECONDS_MOST * 1000;
  for (;;) {
    const members = await list<MemberRow>(config, options, '/api/v1/cluster/members');
    const left = members
      .filter(({ name, bootId }) => name === member || bootId === member)
      .reduce((sum, { shards }) => sum + shards, 0);
    if (left === 0) break;
    if (terminal.monotonic() >= deadline) throw cliErrors.CLUSTER_DRAIN_SLOW({ member, left });
    await new Promise<void>((resolve) => void terminal.after(500, resolve));
  }
  terminal.out(`${member} owns no shard any more and may be stopped\n`);
  return EXIT.ok;
}

async function list<T>(config: Config, options: ClusterOptions, path: string): Promise<T[]> {
  const body = await call(config, options, 'GET', path);
  const data = typeof body === 'object' && body !== null ? Reflect.get(body, 'data') : undefined;
  if (!Array.isArray(data)) throw cliErrors.CLUSTER_ANSWER_INVALID({ url: baseOf(config, options) });
  return data as T[]; // of our own API, whose form its tests hold
}

async function call(config: Config, options: ClusterOptions, method: string, path: string): Promise<unknown> {
  const url = baseOf(config, options);
  const apiKey = options.apiKey ?? config.owner.apiKey;
  if (apiKey === undefined) throw cliErrors.CLUSTER_KEY_MISSING({});
  const response = await fetch(url + path, {
    method,
    headers: { 'x-n8n-api-key': apiKey },
    signal: AbortSignal.timeout(CLUSTER_CALL_MS),
  }).catch((cause: unknown) => {
    throw cliErrors.CLUSTER_UNREACHABLE({ url, fault: cause instanceof Error ? cause.message : String(cause) });
  });
  const text = await response.text();
  const body = parsed(text);
  if (response.ok) return body;
  const words = typeof body === 'object' && body !== null ? Reflect.get(body, 'message') : undefined;
  throw cliErrors.CLUSTER_REFUSED({ url, status: response.status, fault: typeof words === 'string' ? words : text });
}

function baseOf({ host, port }: Config, { url }: ClusterOptions): string {
  if (url !== undefined) return url.replace(/\/$/, '');
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function print(terminal: Terminal, value: unknown): number {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);
  return EXIT.ok;
}

/** Columns as wide as their widest cell. */
function asTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `0-3 7 9-511` of an ascending list. */
function ranges(numbers: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const number of numbers) {
    const last = spans.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else spans.push([number, number]);
  }
  return spans.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(' ');
}
