import type { LocalService } from '../../local/service.ts';
import { freePorts } from '../../local/program.ts';
import type { ServiceName } from './decide.ts';

const START_MS = 180_000;

interface Image {
  readonly name: string;
  readonly port: number;
  readonly environment: Record<string, string>;
  readonly command: readonly string[];
  /** A line that it writes when it takes work; `times`: its start-up has a first life for itself. */
  readonly says: readonly [line: RegExp, times: number];
  url(port: number): string;
}

const IMAGES: Readonly<Record<ServiceName, Image>> = {
  postgres: {
    name: 'postgres:18-alpine',
    port: 5432,
    environment: { POSTGRES_PASSWORD: 'troupe' },
    command: ['postgres', '-c', 'max_connections=120'],
    says: [/ready to accept connections/, 2],
    url: (port) => `postgresql://postgres:troupe@127.0.0.1:${port}/postgres`,
  },
  rabbitmq: {
    name: 'rabbitmq:4-alpine',
    port: 5672,
    environment: {},
    command: [],
    says: [/Server startup complete|completed with/, 1],
    url: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  },
  consul: {
    name: 'hashicorp/consul:1.20',
    port: 8500,
    environment: {},
    command: ['agent', '-dev', '-client=0.0.0.0'],
    says: [/New leader elected|cluster leadership acquired/, 1],
    url: (port) => `http://127.0.0.1:${port}`,
  },
};

/** A service in a container of its own, on a port of this machine that stays the same over restarts. */
export async function launchContainer(name: ServiceName): Promise<LocalService> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  const image = IMAGES[name];
  const [host = 0] = await freePorts(1);
  const container = await new GenericContainer(image.name)
    .withExposedPorts({ container: image.port, host })
    .withEnvironment(image.environment)
    .withCommand([...image.command])
    .withWaitStrategy(Wait.forLogMessage(...image.says))
    .withStartupTimeout(START_MS)
    .start();
  const handle = (await getContainerRuntimeClient()).container.getById(container.getId());
  const running = async (): Promise<boolean> => (await handle.inspect()).State.Running;
  return {
    url: image.url(host),
    async kill(signal) {
      await handle.kill({ signal });
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
      await handle.wait();
      // As the embedded one, PostgreSQL comes back by itself.
      if (name === 'postgres') await handle.start();
    },
    async restart() {
      if (await running()) await handle.stop();
      await handle.start();
    },
    stop: async () => void (await container.stop()),
    lastWords: () => `see the log of container ${container.getName()}`,
  };
}
