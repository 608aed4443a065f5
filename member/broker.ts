import { cliErrors, type Config, type LinkParking, type ParkedEvents } from '#cli';
import { realClock as clock, realRandom as random } from '#runtime';
import { createRabbitBus, openBroker, openParking, type Broker } from '#transport';
import type { Logger } from 'pino';
import { logger } from './phase.ts';

/** The event bus of a cluster and nothing else, for commands that look after parked events. */
export async function openEvents(config: Config): Promise<ParkedEvents> {
  const { broker, log } = brokerOf(config);
  const bus = createRabbitBus({ broker, clock, log });
  return {
    parked: (group, limit) => bus.parked(group, limit),
    replay: (group, ids) => bus.replay(group, ids),
    stop: async () => {
      await bus.close();
      await broker.close();
    },
  };
}

/** The drawer of messages between members that nobody could read, and nothing else. */
export async function openLinkParking(config: Config): Promise<LinkParking> {
  const { broker } = brokerOf(config);
  const parking = openParking({ broker, clock });
  return {
    look: (limit) => parking.look(limit),
    replay: (ids) => parking.replay(ids),
    purge: (ids) => parking.purge(ids),
    close: async () => {
      await parking.close();
      await broker.close();
    },
  };
}

function brokerOf(config: Config): { broker: Broker; log: Logger } {
  const { amqpUrl: url, memberName } = config;
  if (url === undefined) throw cliErrors.BROKER_MISSING({});
  const log = logger({ config, http: false, throwAway: false });
  return { broker: openBroker({ url, clock, random, log, name: `${memberName} commands` }), log };
}
