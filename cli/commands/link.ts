import type { Config } from '../config.ts';
import { EXIT } from '../output/complain.ts';
import type { CliPorts, LinkParking } from '../ports.ts';
import type { Terminal } from '../terminal.ts';

/** `troupe link parked`: messages between members that their receivers could not read, oldest first; they stay parked. */
export function linkParked(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  { limit, json }: { limit: number; json: boolean },
): Promise<number> {
  return withParking(ports, config, async (parking) => {
    const parked = await parking.look(limit);
    for (const each of parked) {
      const { id, kind, from, to, parkedAt, bytes, why } = each;
      const when = new Date(parkedAt).toISOString();
      const line = [when, id || '-', kind || '-', `${from || '-'} > ${to || '-'}`, `${bytes} B`, why ?? 'readable'];
      terminal.out(`${json ? JSON.stringify(each) : line.join('\t')}\n`);
    }
    if (parked.length === 0) terminal.say('no message is parked\n');
    return EXIT.ok;
  });
}

/** `troupe link replay [ID…]`: gives parked messages to their receivers again. Exit code 1 when some stay parked. */
export function linkReplay(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  ids: readonly string[],
): Promise<number> {
  return withParking(ports, config, async (parking) => {
    const { replayed, kept } = await parking.replay(ids.length === 0 ? undefined : ids);
    terminal.out(`${replayed}\n`);
    if (kept === 0) return EXIT.ok;
    terminal.say(`${kept} stay parked: their receivers are gone or take nothing\n`);
    return EXIT.failed;
  });
}

/** `troupe link purge [ID…]`: throws parked messages away. They are hints; nothing that must be kept is lost. */
export function linkPurge(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  ids: readonly string[],
): Promise<number> {
  return withParking(ports, config, async (parking) => {
    terminal.out(`${await parking.purge(ids.length === 0 ? undefined : ids)}\n`);
    return EXIT.ok;
  });
}

async function withParking<T>(ports: CliPorts, config: Config, work: (parking: LinkParking) => Promise<T>): Promise<T> {
  const parking = await ports.openParking(config);
  try {
    return await work(parking);
  } finally {
    await parking.close();
  }
}
