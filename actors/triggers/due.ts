import { Cron } from 'croner';
import type { WorkflowDefinition } from '#workflow';
import type { ScheduleSpec } from '#runtime';
import { SHARDS } from '#cluster';

/** A line of a schedule node of an active workflow. */
export interface ScheduledNode {
  workflow: WorkflowDefinition;
  version: number;
  node: string;
  spec: ScheduleSpec;
  /** Names this line of the schedule: `workflowId/nodeId/index`. */
  id: string;
  /** The shard whose owner fires it. */
  shard: number;
  /** Epoch milliseconds by the clock of the database; due times up to it are not made up for. */
  activeSince: number;
}

/** The due times of a line, computed one after the other. */
export interface DueTimes {
  /** The first due time after `from` (epoch milliseconds); undefined when there is none. */
  after(from: number): number | undefined;
}

/** Due times looked at for rules such as "every 3 weeks" before giving up. */
const DUE_LOOKAHEAD = 10_000;

/** Reads a line's cron rule and its "every n". */
export function dueTimes(spec: ScheduleSpec): DueTimes {
  const cron = new Cron(spec.cron, { timezone: spec.zone, paused: true });
  return {
    after(from) {
      let at: Date | null = new Date(from);
      for (let i = 0; i < DUE_LOOKAHEAD; i += 1) {
        at = cron.nextRun(at);
        if (!at) return undefined;
        if (counts(at.getTime(), spec)) return at.getTime();
      }
      return undefined;
    },
  };
}

const UNIT_MS = { hours: 3_600_000, days: 86_400_000, weeks: 604_800_000 } as const;

/** True when this due time is one that "every n" keeps, counted from the epoch so that every member counts alike. */
function counts(at: number, spec: ScheduleSpec): boolean {
  const { every } = spec;
  if (!every || every.n <= 1) return true;
  if (every.unit === 'months') {
    const date = new Date(at);
    return (date.getUTCFullYear() * 12 + date.getUTCMonth()) % every.n === 0;
  }
  return Math.floor(at / UNIT_MS[every.unit]) % every.n === 0;
}

/** The shard of a schedule node: FNV-1a of both ids, so that every member finds the same one. */
export function scheduleShard(workflowId: string, nodeId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${workflowId}/${nodeId}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % SHARDS;
}
