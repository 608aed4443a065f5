import { join } from 'node:path';
import { CONSUL_START_MS } from './limits.ts';
import { bareEnvironment, freePorts, Program } from './program.ts';
import type { LocalService } from './service.ts';

/**
 * A Consul agent of our own on free loopback ports, in memory: after a restart it knows nobody, which is the most that
 * a member can meet.
 */
export async function launchConsul(program: string, folder: string): Promise<LocalService> {
  const [http = 0, server = 0, lan = 0, wan = 0] = await freePorts(4);
  const ports = {
    'http-port': http,
    'server-port': server,
    'serf-lan-port': lan,
    'serf-wan-port': wan,
    'grpc-port': -1,
    'dns-port': -1,
  };
  const flags = Object.entries(ports).map(([name, port]) => `-${name}=${port}`);
  const url = `http://127.0.0.1:${http}`;
  const agent = new Program({
    name: 'Consul',
    command: program,
    args: [
      'agent',
      '-dev',
      '-bind=127.0.0.1',
      '-client=127.0.0.1',
      `-node=troupe-${http}`,
      '-log-level=warn',
      ...flags,
    ],
    env: bareEnvironment({ HOME: folder }),
    cwd: folder,
    logFile: join(folder, 'consul.log'),
    ready: () => hasLeader(url),
    startMs: CONSUL_START_MS,
  });
  await agent.start();
  return {
    url,
    kill: async (signal) => void (await agent.kill(signal)),
    restart: async () => {
      if (agent.alive) await agent.kill('SIGTERM');
      await agent.start();
    },
    stop: async () => void (await agent.kill('SIGKILL')),
    lastWords: () => agent.lastWords(),
  };
}

async function hasLeader(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/status/leader`, { signal: AbortSignal.timeout(1_000) });
    return response.ok && (await response.text()).length > 2;
  } catch {
    return false;
  }
}
