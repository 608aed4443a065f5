/**
 * Which integration events are written at all. Asked for every event of every run: answered from memory. See
 * docs/decisions/2026-11-22-events-for-those-who-listen.md.
 */
export interface EventGate {
  wants(type: string): boolean;
}

/** The gate as the relay sees it: it is closed while the outbox is full. */
export interface OutboxGate extends EventGate {
  /** No event of a run passes while this is true; each that does not is counted. */
  full: boolean;
}

/**
 * A gate over what the bus knows of its subscribers (`SelectiveBus.wants`). `skipped` is told of each event that a full
 * outbox costs.
 */
export function createEventGate(wanted: (type: string) => boolean, skipped: (type: string) => void): OutboxGate {
  const gate: OutboxGate = {
    full: false,
    wants(type) {
      if (!wanted(type)) return false;
      if (gate.full) skipped(type);
      return !gate.full;
    },
  };
  return gate;
}
