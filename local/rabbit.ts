import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { behindWrapper } from './find-program.ts';
import { RABBIT_START_MS } from './limits.ts';
import { bareEnvironment, freePorts, Program } from './program.ts';
import type { LocalService } from './service.ts';

/** One scheduler of each kind and no busy waiting: several brokers share few cores with what they serve. */
const ERLANG_FLAGS =
  '+S 1:1 +SDcpu 1:1 +SDio 1 +A 8 +sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false ' +
  '-kernel inet_dist_use_interface {127,0,0,1}';
const SETTINGS = [
  'disk_free_limit.absolute = 50MB',
  'log.file.level = warning',
  'log.console.level = error',
  // The log of quorum queues is allotted in whole files of this size.
  'raft.wal_max_size_bytes = 33554432',
];
/** First bytes of AMQP 0-9-1; a broker that is ready answers them. */
const AMQP_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const PROBE_MS = 1_000;

/**
 * A RabbitMQ of our own in `folder`, on free loopback ports, with its own name, cookie and port mapper: nothing of a
 * broker that the machine may run is touched. Queues that are durable survive `kill` and `restart`.
 */
export async function launchRabbit(program: string, folder: string): Promise<LocalService> {
  const [port = 0, distribution = 0, mapper = 0] = await freePorts(3);
  for (const part of ['mnesia', 'log']) mkdirSync(join(folder, part), { recursive: true });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const env = bareEnvironment({
    HOME: folder,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_NODENAME: `troupe-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: file('rabbit.conf', [`listeners.tcp.1 = 127.0.0.1:${port}`, ...SETTINGS, ''].join('\n')),
    RABBITMQ_CONF_ENV_FILE: file('rabbit-env.conf', ''),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins', '[].\n'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG_FLAGS,
  });
  const cwd = folder;
  const names = new Program({
    name: 'the port mapper of RabbitMQ',
    command: 'epmd',
    args: ['-port', String(mapper)],
    env,
    cwd,
    logFile: join(folder, 'epmd.log'),
    ready: () => answers(mapper, undefined),
    startMs: RABBIT_START_MS,
  });
  const broker = new Program({
    name: 'RabbitMQ',
    command: behindWrapper(program),
    args: [],
    env,
    cwd,
    logFile: join(folder, 'rabbit.log'),
    ready: () => answers(port, AMQP_HEADER),
    startMs: RABBIT_START_MS,
  });
  try {
    await names.start();
    await broker.start();
  } catch (error) {
    await names.kill('SIGKILL');
    throw error;
  }
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    kill: async (signal) => void (await broker.kill(signal)),
    restart: async () => {
      if (broker.alive) await broker.kill('SIGTERM');
      await broker.start();
    },
    stop: async () => {
      await broker.kill('SIGKILL');
      await names.kill('SIGKILL');
    },
    lastWords: () => broker.lastWords(),
  };
}

/** True when the port takes a connection and, with `hello`, says something after it. */
function answers(port: number, hello: Buffer | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port });
  const done = (answer: boolean): void => {
    socket.destroy();
    resolve(answer);
  };
  socket.setTimeout(PROBE_MS, () => done(false));
  socket.once('error', () => done(false));
  socket.once('close', () => done(false));
  socket.once('connect', () => (hello === undefined ? done(true) : socket.write(hello)));
  socket.once('data', () => done(true));
  return promise;
}
