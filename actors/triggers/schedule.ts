import { Cron } from 'croner';
import type { WorkflowDefinition } from '#workflow';
import type { ActorContext, Behavior, Clock, NodeCatalog, ScheduleSpec } from '#runtime';
import type { Engine } from '../engine.ts';

/** A schedule node of an active workflow. */
export interface ScheduledNode {
  workflow: WorkflowDefinition;
  version: number;
  node: string;
  spec: ScheduleSpec;
  /** Names this line of the schedule: `workflowId/nodeId/index`. */
  id: string;
  /** Epoch milliseconds; due times before it are not made up for. */
  activeSince: number;
}

/**
 * What the schedule actor may be told. `set` replaces all lines of that workflow; an empty list ends its schedule.
 * `due` is its own: a due time (epoch milliseconds) of one line has come.
 */
export type ScheduleMessage =
  | { type: 'set'; workflowId: string; nodes: readonly ScheduledNode[] }
  | { type: 'due'; id: string; at: number };

/** A due time missed while no member performed it (restart, takeover) is made up for when it is at most this old. */
const CATCH_UP_MS = 60_000;

interface Line {
  node: ScheduledNode;
  cron: Cron;
  cancel: () => void;
}

type State = Map<string, Line>;

/**
 * Fires schedules. The run of a due time carries the key `schedule:<id>:<due>`, and the journal takes a key once: so
 * however many members or restarts fire it, each due time starts one execution.
 */
export function scheduleActor(parts: {
  engine: Engine;
  clock: Clock;
  catalog: NodeCatalog;
  report(error: unknown): void;
}): Behavior<ScheduleMessage, State> {
  return {
    kind: 'schedule',
    init: () => new Map(),
    receive(lines, message, context) {
      if (message.type === 'set') replace(lines, message, context, parts.clock);
      else fire(lines, message, context, parts);
      return { kind: 'same' };
    },
    stopping: (lines) => lines.forEach((line) => line.cancel()),
    inspect: (lines) => ({ schedules: lines.size }),
  };
}

type Context = ActorContext<ScheduleMessage>;
type Parts = Parameters<typeof scheduleActor>[0];

function replace(
  lines: State,
  message: Extract<ScheduleMessage, { type: 'set' }>,
  context: Context,
  clock: Clock,
): void {
  for (const [id, line] of lines) {
    if (line.node.workflow.id !== message.workflowId) continue;
    line.cancel();
    lines.delete(id);
  }
  for (const node of message.nodes) {
    const line: Line = {
      node,
      cron: new Cron(node.spec.cron, { timezone: node.spec.zone, paused: true }),
      cancel: () => {},
    };
    lines.set(node.id, line);
    arm(line, Math.max(node.activeSince, clock.now() - CATCH_UP_MS), context, clock);
  }
}

/** Waits for the first due time after `from`; one that is past already is due at once. */
function arm(line: Line, from: number, context: Context, clock: Clock): void {
  const next = nextDue(line, from);
  if (next === undefined) return;
  const message: ScheduleMessage = { type: 'due', id: line.node.id, at: next };
  line.cancel = context.tellSelfAfter(Math.max(0, next - clock.now()), message);
}

/** Due times looked at for rules such as "every 3 weeks" before giving up. */
const DUE_LOOKAHEAD = 10_000;

export function nextDue(line: { cron: Cron; node: Pick<ScheduledNode, 'spec'> }, from: number): number | undefined {
  let at: Date | null = new Date(from);
  for (let i = 0; i < DUE_LOOKAHEAD; i += 1) {
    at = line.cron.nextRun(at);
    if (!at) return undefined;
    if (counts(at.getTime(), line.node.spec)) return at.getTime();
  }
  return undefined;
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

/** Pause before a due time is tried again that the engine could not take. */
const RETRY_MS = 1_000;

function fire(lines: State, message: Extract<ScheduleMessage, { type: 'due' }>, context: Context, parts: Parts): void {
  const line = lines.get(message.id);
  if (!line) return;
  const { clock, engine, catalog } = parts;
  const { node, workflow, version, spec, id } = line.node;
  const definition = workflow.node.get(node);
  const items =
    definition && catalog.find(definition.type, definition.typeVersion)?.schedule?.items(message.at, spec.zone);
  if (!items) return;
  const idempotencyKey = `schedule:${id}:${message.at}`;
  const again = (): void => void context.tellSelfAfter(RETRY_MS, message);
  try {
    const handle = engine.start({
      workflow,
      workflowVersion: version,
      mode: 'trigger',
      trigger: node,
      items,
      idempotencyKey,
      acceptEarly: true,
    });
    handle.accepted.then(
      () => {},
      (error: unknown) => {
        parts.report(error);
        if (clock.now() - message.at < CATCH_UP_MS) again();
      },
    );
  } catch (error) {
    parts.report(error);
    if (clock.now() - message.at < CATCH_UP_MS) return again();
  }
  arm(line, message.at, context, clock);
}
