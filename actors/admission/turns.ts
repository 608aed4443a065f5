import { shardOf } from '#cluster';
import type { SlotClaim, Slots } from '#runtime';
import { errors } from '../errors.ts';
import type { StartRequest } from '../engine.ts';
import type { Services } from '../services.ts';
import { claimOf, isLimited } from './claim.ts';
import { FORGET_ROWS, QUEUES_PER_SWEEP, SWEEPS_PER_FORGET, TURN_SWEEP_MS } from './limits.ts';
import { TURNS_PER_GRANT, TURNS_PER_SWEEP } from './limits.ts';

/** What the member's turns work with. */
export interface TurnsParts {
  readonly services: Services;
  /** Shards this member owns at this moment. */
  owned(): readonly number[];
  /** Does something after `ms`, unless this member has stopped by then. */
  later(ms: number, act: () => void): void;
  /** The turn of an execution of this member has come; may be said twice. */
  begin(executionId: string, workflowId: string): void;
}

/** A workflow with limits, as this member sees its queue. */
interface Line {
  /** In the database at the last look. */
  waiting: number;
  /** Accepted here since that look was sent. */
  since: number;
  /** Started here, not yet accepted. */
  starting: number;
  asking: boolean;
  again: boolean;
  /** When it is asked again because a bucket has its next turn; monotonic. */
  dueAt: number | undefined;
}

/** How long a queue needs to get shorter where only the end of executions makes room. */
const QUEUE_RETRY_SECONDS = 5;
const QUEUE_RETRY_MOST_SECONDS = 60;

/**
 * Limits of workflows on this member. Who may begin is decided in the database (see the port Slots); here starts are
 * given their claims, turns are asked for when one may be free, and handed to the executions.
 *
 *   start -> claim in its commit -> ask -> granted here: begin · granted elsewhere: `slot.granted` to its owner
 *   end   -> ask                     every TURN_SWEEP_MS: begin what was granted and not begun, ask for every queue
 *
 * Messages between members are hints: whoever hears one asks the database.
 */
export class Turns {
  readonly #parts: TurnsParts;
  readonly #lines = new Map<string, Line>();
  /** Workflows of starts that are not accepted yet, by execution. */
  readonly #starting = new Map<string, string>();
  #sweepToken = 0;
  #sweeps = 0;
  #idle = true;
  #afterWorkflowId: string | undefined;
  #stopped = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
    const { peers } = parts.services;
    peers.told('slot.granted', () => void this.#takeUp().catch(() => {}));
    peers.told('slot.freed', (_, { workflowId }) => typeof workflowId === 'string' && this.ask(workflowId));
  }

  /** Begins to sweep. */
  begin(): void {
    if (this.#slots) this.#sweepIn(this.#parts.services.limits.sweepMs);
  }

  /** Gives no more turns here: other members do. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * What the start claims; undefined when no limit holds it. Throws WORKFLOW_QUEUE_FULL, LIMITS_UNAVAILABLE and the
   * errors of a key's expression; then nothing was noted.
   */
  claim(request: StartRequest, at: { executionId: string; now: number }): SlotClaim | undefined {
    if (!isLimited(request)) return undefined;
    const { workflow } = request;
    if (!this.#slots) throw errors.LIMITS_UNAVAILABLE({ workflow: workflow.name });
    const line = this.#line(workflow.id);
    const queued = line.waiting + line.since + line.starting;
    const limit = this.#parts.services.limits.queuedPerWorkflow;
    if (queued >= limit) {
      const retryAfterSeconds = retrySeconds(request);
      this.#parts.services.metrics.refused?.('queue');
      throw errors.WORKFLOW_QUEUE_FULL({ workflow: workflow.name, queued, limit, retryAfterSeconds });
    }
    const claim = claimOf(request, at);
    line.starting += 1;
    this.#starting.set(at.executionId, workflow.id);
    return claim;
  }

  /** A start is durable, or turned out not to be one. */
  settled(executionId: string, accepted: boolean): void {
    const workflowId = this.#starting.get(executionId);
    if (workflowId === undefined) return;
    this.#starting.delete(executionId);
    const line = this.#line(workflowId);
    line.starting -= 1;
    if (accepted) line.since += 1;
    this.ask(workflowId);
  }

  /** An execution that may have held a place has ended. */
  freed(workflowId: string): void {
    if (this.#stopped) this.#parts.services.peers.link.broadcast({ kind: 'slot.freed', body: { workflowId } });
    else this.ask(workflowId);
  }

  /** Asks the database who of this workflow may begin; while a question is under way, once more after it. */
  ask(workflowId: string): void {
    const slots = this.#slots;
    if (this.#stopped || !slots) return;
    const line = this.#line(workflowId);
    line.again = true;
    if (!line.asking) void this.#askUntilDone(slots, workflowId, line);
  }

  /** Looks at everything now: shards have come to this member. */
  look(): void {
    this.#sweepIn(0);
  }

  get #slots(): Slots | undefined {
    return this.#parts.services.slots;
  }

  #line(workflowId: string): Line {
    const known = this.#lines.get(workflowId);
    if (known) return known;
    const line = { waiting: 0, since: 0, starting: 0, asking: false, again: false, dueAt: undefined };
    this.#lines.set(workflowId, line);
    if (this.#idle) {
      this.#idle = false;
      this.#sweepIn(TURN_SWEEP_MS);
    }
    return line;
  }

  async #askUntilDone(slots: Slots, workflowId: string, line: Line): Promise<void> {
    line.asking = true;
    try {
      while (line.again && !this.#stopped) {
        line.again = false;
        const before = line.since;
        const { granted, waiting, nextInMs } = await slots.grant(workflowId, TURNS_PER_GRANT);
        line.since -= before;
        line.waiting = waiting;
        this.#hand(workflowId, granted);
        if (granted.length >= TURNS_PER_GRANT) line.again = true;
        else if (nextInMs !== undefined) this.#askIn(workflowId, line, nextInMs);
      }
    } catch {
      // The database is away: whoever writes to it reports that, and the sweep asks again.
    } finally {
      line.asking = false;
      this.#tidy(workflowId, line);
    }
  }

  #askIn(workflowId: string, line: Line, ms: number): void {
    const { services, later } = this.#parts;
    const at = services.clock.monotonic() + ms;
    if (line.dueAt !== undefined && line.dueAt <= at) return;
    line.dueAt = at;
    later(ms, () => {
      if (line.dueAt !== at) return;
      line.dueAt = undefined;
      this.ask(workflowId);
    });
  }

  #tidy(workflowId: string, { waiting, since, starting, dueAt }: Line): void {
    if (waiting + since + starting === 0 && dueAt === undefined) this.#lines.delete(workflowId);
  }

  /** To executions of this member directly, to the owners of the others by a hint. */
  #hand(workflowId: string, granted: readonly string[]): void {
    const { services, begin } = this.#parts;
    const { owner, peers } = services;
    const others = new Set<string>();
    for (const executionId of granted) {
      const shard = shardOf(executionId);
      if (owner.epochOf(shard) !== undefined) begin(executionId, workflowId);
      else others.add(peers.ownerOf(shard) ?? '');
    }
    for (const other of others) if (other !== '') void peers.link.tell(other, { kind: 'slot.granted', body: {} });
  }

  #sweepIn(ms: number): void {
    const token = ++this.#sweepToken;
    this.#parts.later(ms, () => {
      if (token !== this.#sweepToken || this.#stopped) return;
      void this.#sweep().finally(() => {
        if (token === this.#sweepToken) this.#sweepIn(this.#idle ? this.#parts.services.limits.sweepMs : TURN_SWEEP_MS);
      });
    });
  }

  /** The truth behind all hints. The database away: the next one comes by itself. */
  async #sweep(): Promise<void> {
    const slots = this.#slots;
    if (!slots) return;
    try {
      const begun = await this.#takeUp();
      const queues = await slots.queued({
        limit: QUEUES_PER_SWEEP,
        ...(this.#afterWorkflowId !== undefined && { afterWorkflowId: this.#afterWorkflowId }),
      });
      // Those known here and not found may have been emptied by others.
      for (const id of new Set([...queues.map((each) => each.workflowId), ...this.#lines.keys()])) this.ask(id);
      const whole = queues.length < QUEUES_PER_SWEEP;
      this.#afterWorkflowId = whole ? undefined : queues.at(-1)?.workflowId;
      this.#idle = begun === 0 && queues.length === 0 && this.#lines.size === 0;
      this.#sweeps += 1;
      if (this.#sweeps % SWEEPS_PER_FORGET === 0) await slots.forget(FORGET_ROWS);
    } catch {
      this.#idle = false;
    }
  }

  /** Begins what has its turn and has not begun, such as executions of a member that died. */
  async #takeUp(): Promise<number> {
    const { owned, begin } = this.#parts;
    const turns = (await this.#slots?.granted(owned(), TURNS_PER_SWEEP)) ?? [];
    if (this.#stopped) return 0;
    for (const { executionId, workflowId } of turns) begin(executionId, workflowId);
    return turns.length;
  }
}

/** When a full queue may have room: with a rate limit the time of one turn, else a guess. */
function retrySeconds({ workflow: { settings } }: StartRequest): number {
  const { rateLimit } = settings;
  if (!rateLimit) return QUEUE_RETRY_SECONDS;
  return Math.min(QUEUE_RETRY_MOST_SECONDS, Math.max(1, Math.ceil(rateLimit.perMs / rateLimit.limit / 1000)));
}
