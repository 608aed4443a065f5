import type { ActorContext, Behavior, NodeCatalog } from '#runtime';
import type { Engine } from '../engine.ts';
import type { Ownership } from '../services.ts';
import type { SharedTime } from './database-time.ts';
import type { ScheduledNode } from './due.ts';
import { CATCH_UP_MS, Timetable, type Due, type MissedDue } from './timetable.ts';

/**
 * What the schedule actor may be told. `set` replaces all lines of that workflow; an empty list ends its schedule.
 * `look`: shards may have changed hands; it looks by itself each second too. `started` and `failed` are its own.
 */
export type ScheduleMessage =
  | { type: 'set'; workflowId: string; nodes: readonly ScheduledNode[] }
  | { type: 'look' }
  | { type: 'started' }
  | { type: 'failed'; due: Due; error: unknown };

/** What the schedule actor needs. */
export interface ScheduleParts {
  readonly engine: Pick<Engine, 'start'>;
  readonly owner: Pick<Ownership, 'epochOf'>;
  readonly time: SharedTime;
  readonly catalog: NodeCatalog;
  /** A due time could not be started; it is tried again. */
  report(error: unknown): void;
  /** Due times that were given up. */
  missed(missed: MissedDue): void;
}

/** Longest pause between two looks at the timetable: so soon it is seen that a shard became ours. */
const LOOK_MS = 1_000;
/** Pause before a due time is tried again that the engine could not take. */
const RETRY_MS = 1_000;
/** Starts under way or to be tried again; what is due beyond them waits in the timetable. */
const STARTS_OPEN = 1_000;
/** Many `set` in a row (the start of a member) are one look. */
const GATHER_MS = 5;

interface Retry {
  readonly due: Due;
  readonly notBefore: number;
}

interface State {
  readonly table: Timetable;
  underWay: number;
  retries: Retry[];
  cancel: () => void;
  gathering: boolean;
}

type Context = ActorContext<ScheduleMessage>;

/**
 * Fires the schedules of the shards that this member owns, by the database's clock. The run of a due time carries the
 * key `schedule:<id>:<due>`, and the journal takes a key once: so however many members or restarts fire it, each due
 * time starts one execution.
 */
export function scheduleActor(parts: ScheduleParts): Behavior<ScheduleMessage, State> {
  return {
    kind: 'schedule',
    init(context) {
      const cancel = context.tellSelfAfter(LOOK_MS, { type: 'look' });
      return { table: new Timetable(), underWay: 0, retries: [], cancel, gathering: false };
    },
    receive(state, message, context) {
      if (message.type === 'look') look(state, context, parts);
      else if (message.type !== 'set') settle(state, message, context, parts);
      else {
        state.table.set(message.workflowId, message.nodes);
        gather(state, context);
      }
      return { kind: 'same' };
    },
    stopping: (state) => state.cancel(),
    inspect: ({ table, underWay, retries }) => ({
      schedules: table.size,
      starting: underWay,
      retrying: retries.length,
    }),
  };
}

/** Looks soon. */
function gather(state: State, context: Context): void {
  if (state.gathering) return;
  state.gathering = true;
  state.cancel();
  state.cancel = context.tellSelfAfter(GATHER_MS, { type: 'look' });
}

function settle(
  state: State,
  message: Extract<ScheduleMessage, { type: 'started' | 'failed' }>,
  context: Context,
  parts: ScheduleParts,
): void {
  // What is due and found no room has it now.
  if (state.underWay + state.retries.length >= STARTS_OPEN) gather(state, context);
  state.underWay -= 1;
  if (message.type === 'started') return;
  const { due, error } = message;
  parts.report(error);
  state.retries.push({ due, notBefore: (parts.time.now() ?? due.at) + RETRY_MS });
}

function look(state: State, context: Context, parts: ScheduleParts): void {
  state.gathering = false;
  state.cancel();
  const now = parts.time.now();
  let pause = LOOK_MS;
  if (now !== undefined) {
    retry(state, now, context, parts);
    const room = Math.max(0, STARTS_OPEN - state.underWay - state.retries.length);
    const { starts, missed, wakeAt } = state.table.advance(now, (shard) => parts.owner.epochOf(shard), room);
    for (const each of missed) parts.missed(each);
    for (const due of starts) start(state, due, context, parts);
    if (wakeAt !== undefined && wakeAt > now) pause = Math.min(pause, wakeAt - now);
  }
  state.cancel = context.tellSelfAfter(Math.ceil(pause), { type: 'look' });
}

/** Tries again what failed, while it is ours and young enough. */
function retry(state: State, now: number, context: Context, parts: ScheduleParts): void {
  const { retries } = state;
  state.retries = [];
  for (const each of retries) {
    const { line, at, epoch } = each.due;
    const current = parts.owner.epochOf(line.shard);
    // Another epoch: it was another's meanwhile, and the timetable looks back anew.
    if (!state.table.has(line.id) || (current !== undefined && current !== epoch)) continue;
    if (current === undefined || each.notBefore > now) state.retries.push(each);
    else if (at < now - CATCH_UP_MS) {
      parts.missed({ id: line.id, workflowId: line.workflow.id, first: at, last: at, count: 1 });
    } else start(state, each.due, context, parts);
  }
}

function start(state: State, due: Due, context: Context, parts: ScheduleParts): void {
  state.underWay += 1;
  context.pipeToSelf(
    begin(due, parts),
    () => ({ type: 'started' }),
    (error) => ({ type: 'failed', due, error }),
  );
}

/** Resolves when the run of this due time is durable, this one or an earlier one of the same key. */
async function begin({ line, at }: Due, { engine, catalog }: ScheduleParts): Promise<void> {
  const { workflow, version, node, spec, id } = line;
  const definition = workflow.node.get(node);
  const schedule = definition && catalog.find(definition.type, definition.typeVersion)?.schedule;
  if (!schedule) return;
  const handle = engine.start({
    workflow,
    workflowVersion: version,
    mode: 'trigger',
    trigger: node,
    items: schedule.items(at, spec.zone),
    idempotencyKey: `schedule:${id}:${at}`,
    acceptEarly: true,
  });
  await handle.accepted;
}
