import { networkInterfaces } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from '#cli';
import type { Metrics } from '#api';
import {
  createConsulMembership,
  createLeaseKeeper,
  createLeaseMembership,
  createLeasePulse,
  createPeers,
  type LeaseKeeper,
} from '#cluster';
import {
  lonePeers,
  realClock as clock,
  realRandom as random,
  type InspectionEvent,
  type MemberInfo,
  type Membership,
  type Peers,
} from '#runtime';
import type { Storage } from '#storage';
import { createMemoryBus, createRabbitBus, createRabbitLink, openBroker, type SelectiveBus } from '#transport';
import { TroupeError } from '#workflow';

/** What a member has around it: others, or nobody. */
export interface Neighbours {
  readonly keeper: LeaseKeeper;
  readonly peers: Peers;
  readonly bus: SelectiveBus;
  /** Makes this member known and opens the link. */
  open(): Promise<void>;
  /** Tells the others where this member listens. */
  announce(port: number): Promise<void>;
  /** Gives all shards to the others; resolves when none is left. */
  drain(): Promise<void>;
  readonly draining: boolean;
  /** Leaves the others and closes link and bus. */
  close(): Promise<void>;
  /** Why this member should get no calls, as far as its neighbours are concerned. */
  faults(): readonly string[];
}

/** What both kinds of neighbourhood are made from. */
export interface NeighbourParts {
  readonly config: Config;
  readonly log: Logger;
  readonly storage: Storage;
  readonly metrics: Metrics;
  readonly bootId: string;
  report(event: InspectionEvent): void;
}

/** One machine: every shard is ours, and events go to subscribers in this process. */
export function alone({ config, log, storage, metrics, bootId }: NeighbourParts): Neighbours {
  const info = infoOf(config, bootId);
  const bus = createMemoryBus({
    clock,
    observer: metrics,
    dropped: ({ id, type }) => log.warn({ event: id, type }, 'an event was thrown away: its group took too long'),
  });
  return {
    keeper: createLeaseKeeper({ store: storage.leases, clock, member: info }),
    peers: lonePeers(info),
    bus,
    open: async () => {},
    announce: async () => {},
    drain: async () => {},
    draining: false,
    close: () => bus.close(),
    faults: () => [],
  };
}

/** A cluster: shards are shared out by leases, members talk over RabbitMQ and find each other through Consul or PostgreSQL. */
export function together(parts: NeighbourParts & { amqpUrl: string }): Neighbours {
  const { config, log, storage, metrics, bootId, amqpUrl } = parts;
  const self = infoOf(config, bootId);
  const broker = openBroker({ url: amqpUrl, clock, random, log, name: config.memberName });
  const link = createRabbitLink({ broker, self: bootId, clock, log });
  const bus = createRabbitBus({ broker, clock, log, observer: metrics });
  const keeper = createLeaseKeeper({
    store: storage.leases,
    clock,
    member: self,
    wanted: 'shared',
    pulse: createLeasePulse({ source: storage.leaseBeat, clock }),
  });
  const membership = membershipOf(parts, keeper);
  const peers = createPeers({ self, link, membership, keeper, clock, report: (event) => parts.report(event) });
  const unwatch = peers.watch(({ left }) => {
    for (const member of left) link.peerLeft(member.bootId);
  });
  let draining: Promise<void> | undefined;
  return {
    keeper,
    peers,
    bus,
    async open() {
      // Without the broker this member works for itself and says so in /ready; the link opens when it is there.
      await peers.start().catch((error: unknown) => {
        if (!(error instanceof TroupeError && error.code === 'LINK_UNAVAILABLE')) throw error;
        log.warn({ err: error }, 'RabbitMQ is away; this member goes on without it until it is back');
      });
    },
    announce: (port) => peers.announce(addressOf(config, port)),
    drain: () => (draining ??= peers.drain()),
    get draining() {
      return draining !== undefined;
    },
    async close() {
      unwatch();
      await bus.close();
      await peers.stop();
      await broker.close();
    },
    faults: () => [
      ...(link.state() === 'up' ? [] : [`link: RabbitMQ is ${link.state()}${because(broker.lastFailure())}`]),
      ...(membership.state() === 'up' ? [] : ['membership: the last view is old, Consul or PostgreSQL do not answer']),
      ...(draining === undefined ? [] : ['draining: this member gives its work away']),
    ],
  };
}

function because(failure: string): string {
  return failure === '' ? '' : ` (${failure})`;
}

function membershipOf({ config, log }: NeighbourParts, keeper: LeaseKeeper): Membership {
  const { consulAddress: address, consulToken: token } = config;
  if (address === undefined) return createLeaseMembership({ keeper, clock });
  const failed = (error: unknown): void => log.debug({ err: error }, 'Consul did not answer as it should');
  return createConsulMembership({ address, token, clock, random, failed });
}

function infoOf({ memberName: name, memberTags: tags }: Config, bootId: string): MemberInfo {
  return { bootId, name, tags, draining: false };
}

/** Base URL under which other members reach this one. */
function addressOf({ host, advertiseAddress }: Config, port: number): string {
  const anywhere = host === '0.0.0.0' || host === '::';
  const name = advertiseAddress ?? (anywhere ? (firstPrivateAddress() ?? '127.0.0.1') : host);
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** The first address that is no loopback; members of one cluster usually share a private network. */
function firstPrivateAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
