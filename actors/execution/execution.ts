import { hasEnded, newRun, type ExecutionWaiting, type NodeDefinition, type RunEffect, type RunState } from '#workflow';
import type { ActorContext, InboxMessage } from '#runtime';
import type { Backstage, Services, ShardLine } from '../services.ts';
import { dirty, newLedger, type Ledger } from './ledger.ts';
import type { ExecutionArgs, ExecutionMessage } from './protocol.ts';

/** A node run that has an actor now. */
export interface RunningNode {
  node: NodeDefinition;
  run: number;
  attempt: number;
  abort: AbortController;
}

/** Whom an execution may call upon. */
export interface Surroundings {
  services: Services;
  backstage: Backstage;
  line: ShardLine;
}

/** The state of an execution actor: the fold of its events, the ledger, and the node actors at work. */
export class Execution {
  readonly args: ExecutionArgs;
  readonly services: Services;
  readonly backstage: Backstage;
  readonly line: ShardLine;
  readonly context: ActorContext<ExecutionMessage>;
  readonly run: RunState;
  readonly ledger: Ledger;
  /** Node actors by actor name. */
  readonly nodes = new Map<string, RunningNode>();
  /** Results of sub-workflows that came while others are still awaited, by execution id. */
  readonly childLetters = new Map<string, InboxMessage>();
  /** Letters that were answered by a recorded event, so that a repetition does nothing. */
  readonly answered = new Set<string>();
  /** Set when nothing is left to do and the actor shall end. */
  over = false;
  /** It was loaded after a crash and has got nothing done since: its loads are counted. */
  suspected = false;
  /** The run has failed and its error workflow is being looked up: the end is not committed before. */
  holdsEnd = false;
  /** Of a run in the queue of its workflow: `held` while it stays in memory although nothing goes on. */
  queueHold: 'none' | 'held' | 'over' = 'none';
  /** What the language asked for and is not yet performed. */
  readonly effects: RunEffect[] = [];
  performing = false;
  readonly cancelers: (() => void)[] = [];

  constructor(
    args: ExecutionArgs,
    { services, backstage, line }: Surroundings,
    context: ActorContext<ExecutionMessage>,
  ) {
    this.args = args;
    this.services = services;
    this.backstage = backstage;
    this.line = line;
    this.context = context;
    this.run = newRun({ executionId: args.executionId, workflow: args.workflow, factsOf: services.factsOf });
    const committed = args.origin === 'journal' ? (args.events.at(-1)?.seq ?? 0) : 0;
    this.ledger = newLedger(args.origin === 'start' ? args.create : undefined, committed);
  }

  /** Levels of sub-workflows above this run. */
  get depth(): number {
    return this.run.parent?.depth ?? 0;
  }

  terminal(): boolean {
    return hasEnded(this.run);
  }

  /** What the run waits for, if it waits. */
  waiting(): ExecutionWaiting | undefined {
    return this.run.current?.phase === 'waiting' ? this.run.current.wait : undefined;
  }

  /** Nothing runs, nothing is in flight or pending: the state is all in the journal. */
  idle(): boolean {
    if (this.queueHold === 'held' || this.run.status !== 'waiting') return false;
    return this.nodes.size === 0 && !this.ledger.inFlight && !dirty(this.ledger);
  }

  /** Lets go of timers and running nodes at the end of this incarnation. */
  release(): void {
    for (const cancel of this.cancelers) cancel();
    for (const running of this.nodes.values()) running.abort.abort();
  }
}

/** Name of the durable timer of a wait; the same after every recovery. */
export function timerId(execution: Execution, at: { node: string; run: number }): string {
  return `${execution.args.executionId}:${at.node}:${at.run}`;
}
