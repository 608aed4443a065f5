import { type NodeDefinition } from '#workflow';
import { same, stop, type ActorContext, type Behavior, type Next } from '#runtime';
import { asItemError } from '../node/failure.ts';
import { errors } from '../errors.ts';
import type { NodeOutcome } from '../execution/protocol.ts';
import type { NodePlaces, PlaceWord, Services } from '../services.ts';
import {
  AVOID_BUSY_MS,
  AVOID_MS,
  LEASE_RECHECK_MS,
  LOOK_FIRST_MS,
  LOOK_LAST_MS,
  MEMBERS_NAMED,
  MOVES_PER_NODE_RUN,
  PLACE_TIMEOUT_MS,
  SIGN_MS,
  SILENCE_MS,
} from './limits.ts';
import { unpacked } from './outcome.ts';
import { askToPerform } from './ask.ts';
import { ranking, shownTags } from './placement.ts';
import type { Answer, Order } from './wire.ts';

/** A node run that another member is to perform. */
export interface PlacedTask {
  readonly node: NodeDefinition;
  /** The member must carry all of them; not empty. */
  readonly tags: readonly string[];
  readonly order: Omit<Order, 'ticket'>;
  /** Aborted on cancel, and when the execution lets go of everything. */
  readonly signal: AbortSignal;
  readonly services: Services;
  readonly places: NodePlaces;
  report(outcome: NodeOutcome): void;
}

export type ProxyMessage =
  | { type: 'run' }
  /** A timer is up, members came or went, or the link changed. */
  | { type: 'look' }
  | { type: 'answered'; ticket: string; answer: Answer | 'gone' | 'unclear' }
  | { type: 'word'; ticket: string; word: PlaceWord }
  | { type: 'askAgain'; ticket: string }
  | { type: 'read'; ticket: string; outcome: NodeOutcome | undefined }
  | { type: 'abort' };

/**
 * Stands in the tree for a node that another member performs, and looks after it as the execution would:
 *
 *   queued ── a member is there ──> asked ── it takes the run ──> performing ── result ──> reported
 *     ^                               │                               │
 *     └── refused, gone, no answer ───┴── silent, left, given back ───┘   under the same key, as the same attempt
 *
 * It gives up after PLACE_TIMEOUT_MS without a member that takes the run (NODE_PLACE_MISSING, NODE_PLACE_BUSY), and
 * after MOVES_PER_NODE_RUN lost members (NODE_PLACE_LOST).
 */
export function proxyActor(task: PlacedTask): Behavior<ProxyMessage, Proxy> {
  return {
    kind: 'node',
    init: (context) => new Proxy(task, context),
    receive: (proxy, message) => proxy.receive(message),
    stopping: (proxy) => proxy.release(),
    inspect: (proxy) => proxy.shown(),
  };
}

/** Why nobody was asked, in words. */
const OBSTACLES = { link: 'the link to the other members is down', lease: 'this member is in doubt of its lease' };

type Phase =
  | { kind: 'queued'; why: 'placement' | 'busy' | 'link' | 'lease' }
  | { kind: 'asked' | 'performing' | 'reading'; ticket: string; member: string; name: string; heardAt: number };

type Away = Exclude<Phase, { kind: 'queued' }>;

class Proxy {
  readonly #task: PlacedTask;
  readonly #context: ActorContext<ProxyMessage>;
  readonly #unlisten: readonly (() => void)[];
  /** Members that are not asked before this moment. */
  readonly #avoid = new Map<string, number>();
  #phase: Phase = { kind: 'queued', why: 'placement' };
  /** When this phase began, for people. */
  #since: number;
  /** Since when no member has taken the run. */
  #seekingSince: number;
  #moves = 0;
  #looks = 0;
  #refusal = 'none was asked';
  #cancelLook: () => void = () => {};

  constructor(task: PlacedTask, context: ActorContext<ProxyMessage>) {
    this.#task = task;
    this.#context = context;
    const { clock } = task.services;
    this.#since = clock.now();
    this.#seekingSince = clock.monotonic();
    const { self, system } = context;
    const aborted = (): void => void system.tell(self, { type: 'abort' }, 'control');
    task.signal.addEventListener('abort', aborted);
    this.#unlisten = [
      () => task.signal.removeEventListener('abort', aborted),
      task.places.watch(() => void system.tell(self, { type: 'look' })),
    ];
  }

  receive(message: ProxyMessage): Next<Proxy> {
    switch (message.type) {
      case 'run':
      case 'look':
        return this.#look();
      case 'answered':
        return this.#answered(message.ticket, message.answer);
      case 'askAgain':
        return this.#askAgain(message.ticket);
      case 'word':
        return this.#word(message.ticket, message.word);
      case 'read':
        return this.#read(message.ticket, message.outcome);
      case 'abort':
        this.#drop();
        return stop;
    }
  }

  /** The execution lets go of it: on cancel the performer is told, else the next owner may take the run over from it. */
  release(): void {
    for (const unlisten of this.#unlisten) unlisten();
    const phase = this.#phase;
    if (phase.kind === 'queued') return;
    this.#task.places.close(phase.ticket, this.#task.signal.aborted ? 'dropped' : 'left');
  }

  shown(): Record<string, unknown> {
    const { node, order, tags } = this.#task;
    const phase = this.#phase;
    return {
      node: node.name,
      nodeType: node.type,
      run: order.run,
      attempt: order.attempt,
      place: tags.join(','),
      ...(phase.kind === 'queued' ? { queued: phase.why } : { member: phase.name }),
      since: this.#since,
    };
  }

  #look(): Next<Proxy> {
    this.#cancelLook();
    const phase = this.#phase;
    return phase.kind === 'queued' ? this.#seek() : this.#watchOver(phase);
  }

  #seek(): Next<Proxy> {
    const { services, tags, order } = this.#task;
    const { peers, owner, clock } = services;
    if (owner.state() !== 'held') return this.#queue('lease', LEASE_RECHECK_MS);
    const found = ranking(peers.members(), tags, `${order.executionId}/${order.node}`);
    if (peers.link.state() !== 'up') return this.#queue('link', this.#pause());
    if (found.length === 0) return this.#queue('placement', this.#pause());
    const now = clock.monotonic();
    const member = found.find(({ bootId }) => (this.#avoid.get(bootId) ?? -Infinity) <= now);
    if (!member) return this.#queue('busy', this.#pause());
    const ticket = services.random.hex(8);
    this.#enter({ kind: 'asked', ticket, member: member.bootId, name: member.name, heardAt: now });
    const { self, system } = this.#context;
    this.#task.places.open(ticket, member.bootId, (word) => void system.tell(self, { type: 'word', ticket, word }));
    this.#ask(ticket, member.bootId);
    return same;
  }

  #ask(ticket: string, member: string): void {
    this.#context.pipeToSelf(
      askToPerform(member, { ...this.#task.order, ticket }, this.#task.services),
      (answer) => ({ type: 'answered', ticket, answer }),
      () => ({ type: 'answered', ticket, answer: 'unclear' }),
    );
  }

  #answered(ticket: string, answer: Answer | 'gone' | 'unclear'): Next<Proxy> {
    const phase = this.#away(ticket);
    if (phase?.kind !== 'asked') return same; // its result or its silence was faster
    if (answer === 'unclear') {
      this.#context.tellSelfAfter(LOOK_FIRST_MS, { type: 'askAgain', ticket });
      return same;
    }
    if (answer === 'gone') return this.#refused(phase, `${phase.name} is gone`, AVOID_MS);
    if ('refused' in answer) {
      const pause = answer.refused === 'busy' ? AVOID_BUSY_MS : AVOID_MS;
      return this.#refused(phase, `${phase.name}: ${answer.why}`, pause);
    }
    return this.#taken(phase);
  }

  /** It may have heard the question: the same one again is the same giving, so it starts nothing twice. */
  #askAgain(ticket: string): Next<Proxy> {
    const phase = this.#away(ticket);
    if (phase?.kind !== 'asked') return same;
    if (this.#silentFor(phase) > SILENCE_MS) return this.#refused(phase, `${phase.name} does not answer`, AVOID_MS);
    this.#ask(phase.ticket, phase.member);
    return same;
  }

  #refused(phase: Away, why: string, avoidMs: number): Next<Proxy> {
    this.#refusal = why;
    this.#leaveMember(phase, avoidMs);
    return this.#seek();
  }

  #taken(phase: Away): Next<Proxy> {
    this.#enter({ ...phase, kind: 'performing', heardAt: this.#now() });
    this.#lookAfter(SIGN_MS);
    return same;
  }

  #word(ticket: string, word: PlaceWord): Next<Proxy> {
    const phase = this.#away(ticket);
    if (!phase) return same;
    switch (word.type) {
      case 'alive':
        if (phase.kind === 'asked') return this.#taken(phase);
        phase.heardAt = this.#now();
        return same;
      case 'left':
        return this.#lost(phase, `${phase.name} gave it back (${word.why})`);
      case 'performed':
        if (phase.kind === 'reading') return same;
        this.#enter({ ...phase, kind: 'reading', heardAt: this.#now() });
        this.#context.pipeToSelf(
          unpacked(word.body, this.#task.node.name, this.#task.services),
          (outcome) => ({ type: 'read', ticket, outcome }),
          () => ({ type: 'read', ticket, outcome: undefined }),
        );
        return same;
    }
  }

  /** A result that could not be read is sent again until it can. */
  #read(ticket: string, outcome: NodeOutcome | undefined): Next<Proxy> {
    const phase = this.#away(ticket);
    if (!phase) return same;
    if (!outcome) return this.#taken(phase);
    this.#task.places.close(ticket, 'done');
    this.#phase = { kind: 'queued', why: 'placement' };
    this.#task.report(outcome);
    return stop;
  }

  #watchOver(phase: Away): Next<Proxy> {
    const { peers } = this.#task.services;
    if (!peers.members().some(({ bootId }) => bootId === phase.member)) {
      return this.#lost(phase, `${phase.name} left`);
    }
    // While we hear nobody, its silence tells us nothing.
    if (peers.link.state() !== 'up') phase.heardAt = this.#now();
    if (phase.kind === 'performing' && this.#silentFor(phase) > SILENCE_MS) {
      return this.#lost(phase, `${phase.name} was silent for ${SILENCE_MS / 1000} s`);
    }
    this.#lookAfter(SIGN_MS);
    return same;
  }

  #lost(phase: Away, why: string): Next<Proxy> {
    this.#refusal = why;
    this.#moves += 1;
    this.#leaveMember(phase, AVOID_MS);
    this.#seekingSince = this.#now();
    this.#looks = 0;
    const node = this.#task.node.name;
    if (this.#moves > MOVES_PER_NODE_RUN) return this.#fail(errors.NODE_PLACE_LOST({ node, moves: this.#moves, why }));
    return this.#seek();
  }

  #leaveMember(phase: Away, avoidMs: number): void {
    this.#task.places.close(phase.ticket, 'dropped');
    this.#avoid.set(phase.member, this.#now() + avoidMs);
    this.#enter({ kind: 'queued', why: 'busy' });
  }

  #drop(): void {
    const phase = this.#phase;
    if (phase.kind !== 'queued') this.#task.places.close(phase.ticket, 'dropped');
    this.#phase = { kind: 'queued', why: 'placement' };
  }

  /** Stays in the queue, and fails the node when it has been there for too long. */
  #queue(why: 'placement' | 'busy' | 'link' | 'lease', pauseMs: number): Next<Proxy> {
    if (this.#phase.kind !== 'queued' || this.#phase.why !== why) this.#enter({ kind: 'queued', why });
    const leftMs = this.#seekingSince + PLACE_TIMEOUT_MS - this.#now();
    if (leftMs > 0) {
      this.#lookAfter(Math.min(pauseMs, leftMs));
      return same;
    }
    const { node, tags, services } = this.#task;
    const words = { node: node.name, tags: shownTags(tags), waitedMs: PLACE_TIMEOUT_MS };
    const members = services.peers.members().slice(0, MEMBERS_NAMED);
    const named = members.map(({ name, tags: own }) => `${name} (${own.join(', ') || 'no tags'})`).join(', ');
    if (why === 'placement') return this.#fail(errors.NODE_PLACE_MISSING({ ...words, members: named }));
    return this.#fail(errors.NODE_PLACE_BUSY({ ...words, why: { ...OBSTACLES, busy: this.#refusal }[why] }));
  }

  #fail(error: Error): Next<Proxy> {
    this.#task.services.metrics.node(this.#task.node.type, 'error');
    this.#task.report({ kind: 'failure', error: asItemError(error) });
    return stop;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = this.#task.services.clock.now();
  }

  /** The phase, if this ticket is the one that counts. */
  #away(ticket: string): Away | undefined {
    const phase = this.#phase;
    return phase.kind !== 'queued' && phase.ticket === ticket ? phase : undefined;
  }

  #silentFor(phase: Away): number {
    return this.#now() - phase.heardAt;
  }

  #pause(): number {
    const pause = Math.min(LOOK_LAST_MS, LOOK_FIRST_MS * 2 ** this.#looks);
    this.#looks = Math.min(this.#looks + 1, 10);
    return pause / 2 + (pause / 2) * this.#task.services.random.next();
  }

  #lookAfter(ms: number): void {
    this.#cancelLook();
    this.#cancelLook = this.#context.tellSelfAfter(ms, { type: 'look' });
  }

  #now(): number {
    return this.#task.services.clock.monotonic();
  }
}
