import { cliErrors, type Config, type ParkedEvents } from '#cli';
import { realClock as clock, realRandom as random } from '#runtime';
import { createRabbitBus, openBroker } from '#transport';
import { logger } from './phase.ts';

/** The event bus of a cluster and nothing else, for commands that look after parked events. */
export async function openEvents(config: Config): Promise<ParkedEvents> {
  if (config.amqpUrl === undefined) throw cliErrors.EVENTS_NEED_BROKER({});
  const log = logger({ config, http: false, throwAway: false });
  const broker = openBroker({ url: config.amqpUrl, clock, random, log, name: `${config.memberName} events` });
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
