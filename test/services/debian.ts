import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from './decide.ts';

/** The last Debian that has Consul. */
const CONSUL_SUITE = 'bullseye';
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
const POLICY = '/usr/sbin/policy-rc.d';
const APT_MS_MOST = 300_000;

/**
 * Installs a service from the distribution's own mirror; answers what went wrong, or undefined. No package may start a
 * service of the machine meanwhile, and no source of packages stays behind.
 */
export function installFromDistribution(name: Exclude<ServiceName, 'postgres'>): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'apt-'));
  try {
    return withoutStarting(() => (name === 'consul' ? installConsul(folder) : installRabbit()));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function installRabbit(): string | undefined {
  // Lists of packages that are out of date still name versions that the mirror may have: a failure here is none yet.
  apt(['update', '-qq']);
  return apt(['install', '-y', '--no-install-recommends', 'rabbitmq-server']);
}

function installConsul(folder: string): string | undefined {
  const mirror = mirrorIn(aptSources());
  if (mirror === undefined) return 'the sources of apt name no mirror of Debian';
  // apt reads and writes here as a user of its own.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true });
  const list = join(folder, 'consul.list');
  const signed = existsSync(KEYS) ? `[signed-by=${KEYS}] ` : '';
  writeFileSync(list, `deb ${signed}${mirror} ${CONSUL_SUITE} main\n`);
  // Its own lists too, so that nothing else is ever installed from that suite.
  const only = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${folder}/lists`,
    'APT::Get::List-Cleanup=0',
  ].flatMap((option) => ['-o', option]);
  return apt(['update', '-qq', ...only]) ?? apt(['install', '-y', '--no-install-recommends', 'consul', ...only]);
}

/** Addresses of mirrors in the text of apt's sources, in both of their forms; the one of Debian itself is wanted. */
export function mirrorIn(sources: string): string | undefined {
  const lines = sources.split('\n').map((line) => line.trim());
  const found = lines.flatMap((line) => {
    const deb822 = /^URIs:\s*(\S+)/i.exec(line)?.[1];
    return deb822 ?? /^deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+\S+/.exec(line)?.[1] ?? [];
  });
  return found.find((address) => /debian\/?$/.test(address) && !/security/.test(address)) ?? found[0];
}

function aptSources(): string {
  const parts = '/etc/apt/sources.list.d';
  const names = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(?:list|sources)$/.test(name)) : [];
  const files = ['/etc/apt/sources.list', ...names.toSorted().map((name) => join(parts, name))];
  return files
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

/** Debian asks this file before a package starts its service: 101 means no. What was there comes back. */
function withoutStarting<T>(install: () => T): T {
  const kept = `${POLICY}.troupe-kept`;
  const had = existsSync(POLICY);
  if (had) renameSync(POLICY, kept);
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n');
  chmodSync(POLICY, 0o755);
  try {
    return install();
  } finally {
    rmSync(POLICY, { force: true });
    if (had) renameSync(kept, POLICY);
  }
}

function apt(args: readonly string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error, stderr } = spawnSync('apt-get', args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: APT_MS_MOST,
  });
  if (status === 0) return undefined;
  return `apt-get ${args[0]} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
}
