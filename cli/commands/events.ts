import type { Config } from '../config.ts';
import { EXIT } from '../output/complain.ts';
import type { CliPorts, ParkedEvents } from '../ports.ts';
import type { Terminal } from '../terminal.ts';

/** What `troupe events parked` is asked for. */
export interface ParkedOptions {
  readonly group: string;
  /** The oldest so many. */
  readonly limit: number;
  /** One JSON object per line. */
  readonly json: boolean;
}

/** `troupe events parked GROUP`: events that the group refused too often, oldest first; they stay parked. */
export function eventsParked(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  { group, limit, json }: ParkedOptions,
): Promise<number> {
  return withEvents(ports, config, async (events) => {
    const parked = await events.parked(group, limit);
    for (const each of parked) {
      const { event, attempts, reason, parkedAt } = each;
      const when = new Date(parkedAt).toISOString();
      const line = [when, event.id, event.type, event.aggregateId, `${attempts} tries`, oneLine(reason)].join('\t');
      terminal.out(`${json ? JSON.stringify(each) : line}\n`);
    }
    if (parked.length === 0) terminal.say(`group ${group} has no parked events\n`);
    return EXIT.ok;
  });
}

/** `troupe events replay GROUP [ID…]`: gives parked events back to their group. Ids that are not parked: exit code 1. */
export function eventsReplay(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  { group, ids }: { group: string; ids: readonly string[] },
): Promise<number> {
  return withEvents(ports, config, async (events) => {
    const replayed = await events.replay(group, ids.length === 0 ? undefined : ids);
    terminal.out(`${replayed}\n`);
    if (replayed >= new Set(ids).size) return EXIT.ok;
    terminal.say(`${new Set(ids).size - replayed} of these ids are not parked in group ${group}\n`);
    return EXIT.failed;
  });
}

async function withEvents<T>(ports: CliPorts, config: Config, work: (events: ParkedEvents) => Promise<T>): Promise<T> {
  const events = await ports.openEvents(config);
  try {
    return await work(events);
  } finally {
    await events.stop();
  }
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ');
}
