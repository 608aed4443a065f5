import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Random } from '#runtime';
import { localMember, type LocalMember } from '../../local/member.ts';
import { freePorts } from '../../local/program.ts';
import { SiteFailure } from '../recovery/site.ts';
import { startConsul, startPostgres, startRabbit, type TestService } from '../services/index.ts';
import { FalseConsul } from './false-consul.ts';
import { CALL_MS_MOST } from './limits.ts';
import { Proxy } from './proxy.ts';

export const API_KEY = 'cluster-0123456789abcdef';
/** Of what each member wrote last. */
const WORDS_CHARACTERS = 1_500;
/** 32 bytes: what is sealed by one member must be opened by another. */
const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64');

export const LINKS = ['postgres', 'rabbitmq', 'consul'] as const;
export type LinkName = (typeof LINKS)[number];

/** One member with a cable of its own to each service. */
export interface SiteMember extends LocalMember {
  readonly links: Readonly<Record<LinkName, Proxy>>;
}

export interface Answer {
  readonly ok: boolean;
  /** 0: no answer. */
  readonly status: number;
  readonly text: string;
}

/** Real PostgreSQL, RabbitMQ and Consul, and real member processes on them: all that faults are done to. */
export class ClusterSite {
  readonly members: SiteMember[] = [];
  readonly services: Readonly<Record<LinkName, TestService>>;
  readonly falseConsul: FalseConsul;
  readonly #folder: string;

  private constructor(services: Record<LinkName, TestService>, falseConsul: FalseConsul) {
    this.services = services;
    this.falseConsul = falseConsul;
    this.#folder = mkdtempSync(join(tmpdir(), 'cluster-'));
    chmodSync(this.#folder, 0o755);
  }

  /** Services and members, all ready. */
  static async open(count = 3, env: Record<string, string> = {}): Promise<ClusterSite> {
    const options = { mayKill: true };
    const begun = { postgres: startPostgres(options), rabbitmq: startRabbit(options), consul: startConsul(options) };
    const settled = await Promise.allSettled(Object.values(begun));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      for (const one of settled) if (one.status === 'fulfilled') await one.value.stop();
      throw failed.reason;
    }
    const services = { postgres: await begun.postgres, rabbitmq: await begun.rabbitmq, consul: await begun.consul };
    const site = new ClusterSite(services, await FalseConsul.open(services.consul.url));
    try {
      const ports = await freePorts(count);
      for (const [index, port] of ports.entries()) site.members.push(await site.#plan(`m${index + 1}`, port, env));
      // The first one sets up the database.
      await site.members[0]?.program.start();
      await Promise.all(site.members.slice(1).map(({ program }) => program.start()));
      return site;
    } catch (error) {
      await site.remove();
      throw error;
    }
  }

  get alive(): SiteMember[] {
    return this.members.filter(({ program }) => program.alive);
  }

  member(index: number): SiteMember {
    const member = this.members[index % this.members.length];
    if (member === undefined) throw new SiteFailure('there is no member');
    return member;
  }

  pick(random: Random, among: readonly SiteMember[] = this.members): SiteMember {
    return among[Math.floor(random.next() * among.length)] ?? this.member(0);
  }

  /** One HTTP call with the owner's key. */
  async call(
    { base }: Pick<LocalMember, 'base'>,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    try {
      const response = await fetch(base + path, {
        method,
        headers: { 'x-n8n-api-key': API_KEY, ...(body && { 'content-type': 'application/json' }), ...headers },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_MS_MOST),
      });
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch {
      return { ok: false, status: 0, text: '' };
    }
  }

  /** The same for calls that must succeed, at any member that runs. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    let last: Answer | undefined;
    for (const member of this.alive) {
      last = await this.call(member, method, path, body);
      if (last.ok) return JSON.parse(last.text);
    }
    throw new SiteFailure(`${method} ${path}: ${last?.status} ${last?.text.slice(0, 500)} ${this.lastWords()}`);
  }

  /** Asks PostgreSQL itself, by no proxy. */
  async query<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const limits = { connectionTimeoutMillis: 5_000, query_timeout: 15_000 };
    const client = new Client({ connectionString: this.services.postgres.url, ...limits });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await client.end();
    }
  }

  /** Every cable mended, every service and member running and ready. */
  async restore(): Promise<void> {
    this.falseConsul.lie = 'none';
    for (const { links, program } of this.members) {
      for (const link of Object.values(links)) link.mend();
      program.signal('SIGCONT');
      if (!program.alive) program.launch();
    }
    await Promise.all(this.members.map(({ program }) => program.ready()));
  }

  lastWords(): string {
    return this.members
      .map(({ name, program }) => `\n--- ${name}: ${program.lastWords().slice(-WORDS_CHARACTERS)}`)
      .join('');
  }

  /** Stops the members as their owner would; answers what went wrong. */
  async stopMembers(): Promise<string[]> {
    const faults = await Promise.all(
      this.members.map(async ({ name, program }) => {
        const inTime = await program.kill('SIGTERM');
        return inTime && program.end === 0 ? [] : [`${name} did not stop cleanly: ${program.end}`];
      }),
    );
    return faults.flat();
  }

  /** Ends everything, however it stands, and removes the data. */
  async remove(): Promise<void> {
    await Promise.all(this.members.map(({ program }) => program.kill('SIGKILL')));
    await Promise.all(this.members.flatMap(({ links }) => Object.values(links).map((link) => link.close())));
    await this.falseConsul.close();
    await Promise.all(Object.values(this.services).map((service) => service.stop()));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #plan(name: string, port: number, env: Record<string, string>): Promise<SiteMember> {
    const links = {
      postgres: await Proxy.open(placeOf(this.services.postgres.url)),
      rabbitmq: await Proxy.open(placeOf(this.services.rabbitmq.url)),
      consul: await Proxy.open({ host: '127.0.0.1', port: this.falseConsul.port }),
    };
    const through = (link: LinkName): string => {
      const url = new URL(this.services[link].url);
      url.host = `127.0.0.1:${links[link].port}`;
      return url.href;
    };
    const shared = {
      DATABASE_URL: through('postgres'),
      AMQP_URL: through('rabbitmq'),
      CONSUL_HTTP_ADDR: through('consul'),
      TROUPE_API_KEY: API_KEY,
      TROUPE_ENCRYPTION_KEY: ENCRYPTION_KEY,
      LOG_LEVEL: 'warn',
      ...env,
    };
    const wanted = Object.fromEntries(Object.entries(shared).filter(([, value]) => value !== ''));
    return { ...localMember({ name, port, folder: this.#folder, env: wanted }), links };
  }
}

function placeOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
