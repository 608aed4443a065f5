import process from 'node:process';
import { startEmbedded } from '#storage';
import { CLUSTER_DATABASE_CONNECTIONS, PROGRAM_STOP_MS } from './limits.ts';
import { atExit, ProgramFailure, within } from './program.ts';
import type { LocalService } from './service.ts';

const nothing = (): void => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The embedded PostgreSQL in `folder`, on a loopback port: every member of the cluster reaches it by its URL. */
export async function launchPostgres(folder: string): Promise<LocalService> {
  const connections = CLUSTER_DATABASE_CONNECTIONS;
  const server = await startEmbedded({ dataDir: folder, log: silent, listen: 'tcp', connections });
  const forget = atExit(() => process.kill(server.pid(), 'SIGQUIT'));
  let lastWords = '';
  const waiting = new Set<() => void>();
  server.onExit((reason) => (lastWords = reason));
  server.onRestart(() => {
    for (const done of waiting) done();
  });
  /** It is started again by whoever started it: here that is awaited. */
  const again = async (signal: NodeJS.Signals): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<true>();
    const done = (): void => resolve(true);
    waiting.add(done);
    process.kill(server.pid(), signal);
    const back = await within(promise, 2 * PROGRAM_STOP_MS, false);
    waiting.delete(done);
    if (!back) throw new ProgramFailure(`PostgreSQL did not come back after ${signal}: ${lastWords}`);
  };
  return {
    url: server.connectionString,
    kill: async (signal) => {
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') process.kill(server.pid(), signal);
      else await again(signal);
    },
    restart: () => again('SIGINT'),
    stop: async () => {
      await server.stop();
      forget();
    },
    lastWords: () => lastWords,
  };
}
