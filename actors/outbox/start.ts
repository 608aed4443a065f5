import type { ActorSystem, Random, Ref } from '#runtime';
import { child, supervisor } from '#supervisors';
import { relayActor, type RelayMessage, type RelayParts } from './relay.ts';

/** The running relay. */
export interface RunningRelay {
  /** A commit has left events. Cheap, and may be called before the commit of another is carried. */
  ring(): void;
  /** Rows that wait on all shards, as last counted: while the bus is behind, else 0. */
  waiting(): number;
}

/** A relay that crashes begins anew within ten seconds, however often: what waits is in the outbox. */
const RELAY_BUDGET = { restarts: 1_000, windowMs: 60_000 };
/** For a batch that is on its way to the bus when the member stops. */
const STOP_MS = 5_000;

/** Starts the supervised relay of this member as `/outbox/relay`. It ends with the system. */
export function startRelay(system: ActorSystem, parts: RelayParts & { random: Random }): RunningRelay {
  let relay: Ref<RelayMessage> | undefined;
  let rung = false;
  let waiting = 0;
  const { clock, random } = parts;
  const spec = child<RelayMessage>({
    name: 'relay',
    kind: 'relay',
    behavior: () => relayActor(parts, { noticed: () => (rung = false), waiting: (rows) => (waiting = rows) }),
    onStarted: (ref) => (relay = ref),
    spawn: { stopDeadlineMs: STOP_MS },
  });
  const behavior = supervisor({ kind: 'outbox', budget: RELAY_BUDGET, children: [spec] }, { clock, random });
  system.spawn('outbox', behavior, { stopDeadlineMs: STOP_MS + 1_000 });
  return {
    waiting: () => waiting,
    ring() {
      // One bell in its mailbox is enough for all commits before it is answered.
      if (rung || relay === undefined) return;
      rung = true;
      system.tell(relay, { type: 'ring' });
    },
  };
}
