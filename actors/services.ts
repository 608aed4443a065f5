import type { ExecutionMode, FactsOf, JsonObject, RunEvent, WorkflowDefinition } from '#workflow';
import type {
  BinaryStore,
  BlobStore,
  Clock,
  CodeRunner,
  HttpClient,
  InboxMessage,
  Journal,
  JournalEvent,
  LeaseState,
  NodeCatalog,
  Peers,
  Random,
  Slots,
  Step,
  StepOutcome,
} from '#runtime';
import type { RefusalReason } from './admission/admit.ts';
import type { LoadGauge } from './admission/gauge.ts';
import type { FaultHook } from './faults.ts';
import type { ActorLimits } from './limits.ts';
import type { RunReport } from './engine.ts';
import type { EventGate } from './outbox/gate.ts';
import type { LoadGate } from './shard/load-gate.ts';

/** Everything the actors may touch, handed in by the composition root. No actor imports an adapter. */
export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  /** The group committer: many executions, one commit. */
  readonly committer: { submit(step: Step): Promise<StepOutcome> };
  readonly workflows: WorkflowSource;
  readonly catalog: NodeCatalog;
  readonly factsOf: FactsOf;
  readonly http: HttpClient;
  readonly code: CodeRunner;
  readonly binary: BinaryStore;
  readonly blobs: BlobStore;
  readonly breakers: BreakerGate;
  readonly live: LiveStream;
  /** News of executions of other members; absent: whoever waits for one asks the database now and then. */
  readonly news?: RunNews;
  readonly faults: FaultHook;
  readonly limits: ActorLimits;
  readonly owner: Ownership;
  /** The other members; `lonePeers` where there are none. */
  readonly peers: Peers;
  readonly metrics: ExecutionMetrics;
  /** Turns under limits of workflows; absent: such workflows are refused with LIMITS_UNAVAILABLE. */
  readonly slots?: Slots;
  /** The load of this member; absent: only live executions are counted. */
  readonly load?: Pick<LoadGauge, 'read'>;
  /** Integration events that runs leave in the outbox; absent = none. */
  readonly events?: EventGate;
  /** Address under which callers reach this member, without a slash at its end; absent = http://localhost:5678. */
  readonly publicUrl?: () => string;
}

/** Definitions by id, pinned to an immutable version; cached by the implementation. */
export interface WorkflowSource {
  /** `version` absent: the newest one. Undefined when there is none. */
  load(workflowId: string, version?: number): Promise<{ definition: WorkflowDefinition; version: number } | undefined>;
  /** Stores the JSON of an inline sub-workflow so that its run can be recovered; the same JSON gives the same id. */
  saveInline(json: JsonObject): Promise<{ definition: WorkflowDefinition; version: number }>;
  /** Static data of a workflow by key (`global`, `node:<name>`), as last committed. */
  staticData(workflowId: string): Promise<Record<string, JsonObject>>;
}

/** Circuit breakers as the nodes see them; see `supervisors/`. */
export interface BreakerGate {
  /** Admits a call or says when the next one may be tried (epoch milliseconds). */
  admit(breaker: string): { admitted: true } | { admitted: false; retryAt: number };
  record(breaker: string, result: 'ok' | 'failure'): void;
}

/** Where committed events go: live streams and whoever subscribes. Must not throw and must not wait. */
export interface LiveStream {
  published(executionId: string, workflowId: string, events: readonly JournalEvent[]): void;
}

/** Says when something new may have been committed of an execution, wherever it is performed. A hint; must not throw. */
export interface RunNews {
  /** Returns unwatch. */
  watch(executionId: string, listener: () => void): () => void;
}

/** What this member owns, as far as it knows at this moment. */
export interface Ownership {
  /** Epoch of a shard this member owns, or undefined. */
  epochOf(shard: number): number | undefined;
  /** `unknown` and `lost`: start no effect. */
  state(): LeaseState;
  /** A fresh execution id on the given shard, or on the one whose turn it is. Throws when the id pool ran dry. */
  nextId(shard?: number): { executionId: string; shard: number };
  shardOf(executionId: string): number;
}

/**
 * Counters the actors feed. Called in the hot path: must not throw and must not wait. `seconds` is the time from start
 * to end, waits included; `nodeType` is a canonical type name, so labels are bounded.
 */
export interface ExecutionMetrics {
  started(): void;
  ended(status: 'success' | 'error' | 'canceled', seconds: number): void;
  node(nodeType: string, status: 'success' | 'error'): void;
  /** A start was turned away. */
  refused?(reason: RefusalReason | 'queue'): void;
}

/** Node runs of this member's executions that other members perform; see `guests/`. */
export interface NodePlaces {
  /** From now on `heard` is told what that member says of the ticket. */
  open(ticket: string, member: string, heard: (word: PlaceWord) => void): void;
  /**
   * `done`: its result was taken, the member may forget it. `dropped`: it is not wanted, the member aborts it. `left`:
   * this member no longer performs the execution; whoever does may take the node run over from that member.
   */
  close(ticket: string, how: 'done' | 'dropped' | 'left'): void;
  /** Tells when another look may find what the last one did not: members came or went, or the link changed. */
  watch(listener: () => void): () => void;
}

/** What the member that performs a node run says of it. */
export type PlaceWord =
  | { type: 'alive' }
  /** Not checked; its form is in `guests/outcome.ts`. */
  | { type: 'performed'; body: JsonObject }
  /** It gives the node run back, unperformed as far as it knows. */
  | { type: 'left'; why: string };

/** How executions talk back to the member: waiters of HTTP calls, parents, timers. */
export interface Backstage {
  readonly places: NodePlaces;
  accepted(executionId: string, duplicateOf?: string): void;
  /** Committed events of a run, for waiters that look for an answer. */
  committed(executionId: string, events: readonly RunEvent[]): void;
  /** The run ended, or began a long wait, durably. */
  ended(executionId: string, report: RunReport): void;
  /** The run left this member: another one owns it, or its start never became durable. */
  gone(executionId: string, why: 'moved' | 'notAccepted'): void;
  /** It was found to have ended when it was loaded: waiters and watchers are answered from the journal. */
  endedEarlier(executionId: string, shownSeq?: number): void;
  /** A message that is durable already: knock at that execution. */
  doorbell(message: InboxMessage): void;
  /** Executions whose first events were committed by another one's step: bring them to life. */
  adopt(children: readonly { step: Step; workflow: WorkflowDefinition }[]): void;
  /** Does something after `ms`, unless this member has stopped by then. */
  later(ms: number, act: () => void): void;
  /** All loads of this member pass here. */
  readonly loads: LoadGate;
  /** A shard's actor ends; this was the newest commit of one of its executions, settled or not. */
  leftBehind(executionId: string, commit: Promise<StepOutcome>): void;
  /** The commit that an incarnation of another shard actor has left behind, if there was one lately. */
  commitLeft(executionId: string): Promise<StepOutcome> | undefined;
  /** Durable timers that were set: remember the near ones. */
  timersSet(step: Step): void;
  /** A run that may have held a place under the limits of its workflow has ended. */
  freed(workflowId: string): void;
  /** The error workflow of a failed production run, if there is one; resolved before the failing commit. */
  errorWorkflow(workflow: WorkflowDefinition, mode: ExecutionMode): Promise<ErrorWorkflow | undefined> | undefined;
}

/** What of an execution only its shard hears. */
export interface ShardLine {
  /** Nothing goes on for long: it may leave memory. */
  sleepy(): void;
  /** The result of its commit is unknown: this incarnation ends, the next is loaded from the journal. */
  unsure(): void;
  /** Events up to this seq were shown to the live stream. */
  shown(seq: number): void;
  /** A commit is under way: no other incarnation may be loaded before it is settled. */
  submitted(commit: Promise<StepOutcome>): void;
}

/** The workflow that hears of a failed production run, pinned to the version that was newest when the run failed. */
export interface ErrorWorkflow {
  definition: WorkflowDefinition;
  version: number;
  /** Name of its Error Trigger. */
  trigger: string;
}
