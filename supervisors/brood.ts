import { causeOf } from '#runtime';
import type { ActorContext, ChildNote, Clock, Exit, ExitReason, Random, Ref } from '#runtime';
import { backoffMs } from './backoff.ts';
import { checkMember } from './child-spec.ts';
import type { AnyChild, SupervisorSpec } from './child-spec.ts';
import { wholeNumber } from './checks.ts';
import { errors } from './errors.ts';
import { CHILDREN_PER_SUPERVISOR } from './limits.ts';
import type { Started, SupervisorMessage } from './protocol.ts';
import { inWindow, spendRestart } from './restart-window.ts';
import type { RestartWindow } from './restart-window.ts';
import { decide } from './strategy.ts';
import type { Ranked } from './strategy.ts';

export interface Chances {
  clock: Clock;
  random: Random;
}

/**
 * One child of a supervisor.
 *
 *   running ── ended ──> restarting ── pause over ──> running
 *   running ── sibling ended ──> stopping ── gone ──> restarting
 *   running ── over its own budget ──> quarantined
 *
 * `leaving` is set when it shall not come back: it was told to stop for good.
 */
interface Member extends Ranked {
  readonly child: AnyChild;
  phase: 'running' | 'stopping' | 'restarting' | 'quarantined';
  ref: Ref<never> | undefined;
  leaving: (() => void)[] | undefined;
  /** Restarts of this child alone; used by children with quarantine. */
  window: RestartWindow;
}

/** A restart under way: stop the rest of the group, pause, start the group. */
interface Round {
  readonly id: number;
  /** Names still to stop, the next one first. */
  stop: string[];
  /** Names to start, in order. */
  start: string[];
  readonly cause: string;
  readonly used: number;
  readonly pauseMs: number;
}

/** The children of one incarnation of a supervisor, in order of start. */
export class Brood {
  readonly #spec: Required<SupervisorSpec>;
  readonly #chances: Chances;
  readonly #context: ActorContext<SupervisorMessage>;
  #members: Member[] = [];
  #window: RestartWindow = [];
  readonly #rounds = new Map<number, Round>();
  #lastRound = 0;
  #annotating = false;

  constructor(spec: Required<SupervisorSpec>, chances: Chances, context: ActorContext<SupervisorMessage>) {
    this.#spec = spec;
    this.#chances = chances;
    this.#context = context;
    for (const child of spec.children) this.#admit(child);
  }

  get summary(): Record<string, unknown> {
    const { strategy, budget } = this.#spec;
    const quarantined = this.#members.filter(({ phase }) => phase === 'quarantined').map(({ name }) => name);
    const used = inWindow(this.#window, this.#now(), budget).length;
    return { strategy, restartsUsed: used, restartsAllowed: budget.restarts, windowMs: budget.windowMs, quarantined };
  }

  /** Starts one more child. What is wrong with it is the asker's to hear, not a crash. */
  add(child: AnyChild): Started {
    try {
      wholeNumber('children', this.#members.length + 1, 0, CHILDREN_PER_SUPERVISOR);
      checkMember(this.#spec.strategy, child, new Set(this.#members.map(({ name }) => name)));
      return { ok: true, ref: this.#admit(child) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  /** Stops a child for good. */
  remove(name: string, done: () => void): void {
    const member = this.#find(name);
    if (member === undefined) return done();
    for (const round of this.#rounds.values()) round.start = round.start.filter((each) => each !== name);
    if (member.ref === undefined) {
      this.#forget(member);
      return done();
    }
    member.leaving = [...(member.leaving ?? []), done];
    this.#stop(member);
  }

  /** A child ended. Throws RESTARTS_EXCEEDED when that is one end too many. */
  exited(exit: Exit): void {
    const member = this.#find(exit.name);
    if (member === undefined || member.ref?.uid !== exit.ref.uid) return;
    member.ref = undefined;
    if (member.phase === 'running') this.#ended(member, exit.reason);
    else this.#stopped(member);
  }

  /** The pause of a round is over: its group starts, left to right. */
  resume(id: number): void {
    const round = this.#rounds.get(id);
    if (round === undefined) return;
    this.#rounds.delete(id);
    for (const name of round.start) {
      const member = this.#find(name);
      if (member === undefined) continue;
      this.#start(member);
      this.#reportRestart(member, round);
    }
  }

  /** Writes the present numbers into the live tree, and again later as long as any restart counts. */
  annotate(): void {
    this.#annotating = false;
    for (const member of this.#members) this.#note(member);
    const counts = (window: RestartWindow): boolean => inWindow(window, this.#now(), this.#spec.budget).length > 0;
    if (counts(this.#window) || this.#members.some(({ window }) => counts(window))) this.#annotateLater();
  }

  #annotateLater(): void {
    if (this.#annotating) return;
    this.#annotating = true;
    this.#context.tellSelfAfter(this.#spec.budget.windowMs, { type: 'supervisor.annotate' });
  }

  #admit(child: AnyChild): Ref<never> {
    const { name, restart } = child;
    const member: Member = { name, restart, child, phase: 'running', ref: undefined, leaving: undefined, window: [] };
    const ref = this.#start(member);
    this.#members.push(member);
    return ref;
  }

  #start(member: Member): Ref<never> {
    const ref = member.child.start(this.#context);
    member.ref = ref;
    member.phase = 'running';
    this.#note(member);
    return ref;
  }

  #stop(member: Member): void {
    if (member.ref === undefined || member.phase === 'stopping') return;
    member.phase = 'stopping';
    void this.#context.stop(member.ref);
  }

  /** It ended by itself. */
  #ended(member: Member, reason: ExitReason): void {
    const decision = decide(this.#spec.strategy, this.#members, member, reason.kind);
    if (decision.kind === 'forget') return this.#forget(member);
    const own = member.child.overBudget === 'quarantine';
    const spent = spendRestart(own ? member.window : this.#window, this.#now(), this.#spec.budget);
    if (own) member.window = spent.window;
    else this.#window = spent.window;
    if (!spent.within && own) return this.#quarantine(member, reason, spent.used);
    if (!spent.within) throw this.#exceeded(member, reason, spent.used);
    this.#begin(member, decision, reason, spent.used);
  }

  /** It ended because this supervisor wanted it so. */
  #stopped(member: Member): void {
    member.phase = 'restarting';
    const round = [...this.#rounds.values()].find(({ stop }) => stop.includes(member.name));
    const comesBack = member.leaving === undefined && round?.start.includes(member.name) === true;
    if (comesBack) this.#note(member);
    else this.#forget(member);
    if (round !== undefined) this.#proceed(round);
  }

  #begin(
    member: Member,
    group: { stop: readonly string[]; start: readonly string[] },
    reason: ExitReason,
    used: number,
  ): void {
    this.#lastRound += 1;
    const leaving = (name: string): boolean => this.#find(name)?.leaving !== undefined;
    const round: Round = {
      id: this.#lastRound,
      stop: [...group.stop],
      start: group.start.filter((name) => !leaving(name)),
      cause: reason.kind === 'crashed' ? causeOf(reason.error) : `ended (${reason.kind})`,
      used,
      pauseMs: backoffMs(member.child.backoff, used, this.#chances.random),
    };
    // A round that is under way for part of this group is taken over: whoever it wanted to start is in this one.
    for (const [id, other] of this.#rounds)
      if (other.start.some((name) => round.start.includes(name))) this.#rounds.delete(id);
    this.#rounds.set(round.id, round);
    member.phase = 'restarting';
    this.#note(member);
    this.#annotateLater();
    this.#proceed(round);
  }

  /** Stops the next of the group, or begins the pause when all have ended. */
  #proceed(round: Round): void {
    if (!this.#rounds.has(round.id)) return;
    for (let name = round.stop[0]; name !== undefined; name = round.stop[0]) {
      const member = this.#find(name);
      if (member?.ref !== undefined) return this.#stop(member);
      round.stop.shift();
    }
    this.#context.tellSelfAfter(round.pauseMs, { type: 'supervisor.resume', round: round.id });
  }

  #quarantine(member: Member, reason: ExitReason, used: number): void {
    member.phase = 'quarantined';
    this.#note(member);
    this.#context.system.report({
      type: 'actor.quarantined',
      path: this.#pathOf(member),
      kind: member.child.kind,
      cause: reason.kind === 'crashed' ? causeOf(reason.error) : `ended (${reason.kind})`,
      restartsUsed: used,
      restartsAllowed: this.#spec.budget.restarts,
    });
  }

  #exceeded(member: Member, reason: ExitReason, used: number): Error {
    const { restarts: allowed, windowMs } = this.#spec.budget;
    const supervisor = this.#context.self.path;
    const cause = reason.kind === 'crashed' ? reason.error : undefined;
    return errors.RESTARTS_EXCEEDED({ supervisor, child: member.name, used, allowed, windowMs }, cause);
  }

  #forget(member: Member): void {
    this.#members = this.#members.filter((each) => each !== member);
    this.#context.annotateChild(member.name, undefined);
    for (const done of member.leaving ?? []) done();
  }

  #reportRestart(member: Member, round: Round): void {
    const { restarts: restartsAllowed, windowMs } = this.#spec.budget;
    this.#context.system.report({
      type: 'actor.restarted',
      path: this.#pathOf(member),
      kind: member.child.kind,
      uid: member.ref?.uid ?? 0,
      cause: round.cause,
      restartsUsed: round.used,
      restartsAllowed,
      windowMs,
      backoffMs: round.pauseMs,
    });
  }

  #note(member: Member): void {
    const { budget } = this.#spec;
    const window = member.child.overBudget === 'quarantine' ? member.window : this.#window;
    const note: ChildNote = {
      kind: member.child.kind,
      restartsUsed: inWindow(window, this.#now(), budget).length,
      restartsAllowed: budget.restarts,
      restartWindowMs: budget.windowMs,
    };
    const { phase } = member;
    const absent = phase === 'restarting' || phase === 'quarantined';
    this.#context.annotateChild(member.name, absent ? { ...note, state: phase } : note);
  }

  #pathOf(member: Member): string {
    return `${this.#context.self.path}/${member.name}`;
  }

  #find(name: string): Member | undefined {
    return this.#members.find((member) => member.name === name);
  }

  #now(): number {
    return this.#chances.clock.monotonic();
  }
}
