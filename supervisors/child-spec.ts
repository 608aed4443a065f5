import type { ActorContext, Behavior, Message, Ref, SpawnOptions } from '#runtime';
import { BACKOFF, checkBackoff } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { oneOf, wholeNumber } from './checks.ts';
import { errors } from './errors.ts';
import { CHILDREN_PER_SUPERVISOR, DEADLINE_MS_MAX } from './limits.ts';
import { checkBudget, RESTART_BUDGET } from './restart-window.ts';
import type { RestartBudget } from './restart-window.ts';
import { RESTART_TYPES, STRATEGIES } from './strategy.ts';
import type { RestartType, Strategy } from './strategy.ts';

/** What one child is and how it is kept alive; what is absent is taken from {@link CHILD_DEFAULTS}. */
export interface ChildSpec<M extends Message = never> {
  /** Unique among the children of the supervisor; also its name in the tree. */
  readonly name: string;
  /** Makes the behavior of each incarnation anew. */
  readonly behavior: () => Behavior<M, unknown>;
  /** Label of the behavior, known before there is one. */
  readonly kind: string;
  /** Each incarnation's reference, for those who talk to the child. */
  readonly onStarted?: (ref: Ref<M>) => void;
  /** After which ends it is restarted: permanent (default), transient (crashes only), temporary (never). */
  readonly restart?: RestartType;
  /**
   * Over the budget: `escalate` (default) crashes the supervisor; `quarantine` leaves this child down, for strategy
   * one_for_one only. A child that is quarantined has a budget of its own, all others share the supervisor's.
   */
  readonly overBudget?: 'escalate' | 'quarantine';
  readonly backoff?: BackoffPolicy;
  readonly spawn?: SpawnOptions;
}

/**
 * A supervisor as data. Checked when it is loaded: SUPERVISION_INVALID names a field out of range,
 * SUPERVISION_CONTRADICTORY two that exclude each other. At most CHILDREN_PER_SUPERVISOR children.
 */
export interface SupervisorSpec {
  /** Label in the tree. */
  readonly kind: string;
  /** Default one_for_one. */
  readonly strategy?: Strategy;
  /** Default three restarts in a minute. */
  readonly budget?: RestartBudget;
  /** Started in this order, stopped in the reverse one. Make each with {@link child}. */
  readonly children: readonly AnyChild[];
}

/** A child whose message type is no longer known; only its own reference can talk to it. */
export interface AnyChild {
  readonly name: string;
  readonly kind: string;
  readonly restart: RestartType;
  readonly overBudget: 'escalate' | 'quarantine';
  readonly backoff: BackoffPolicy;
  start(context: ActorContext<never>): Ref<never>;
}

export const CHILD_DEFAULTS: Required<Pick<ChildSpec, 'restart' | 'overBudget' | 'backoff' | 'spawn'>> = {
  restart: 'permanent',
  overBudget: 'escalate',
  backoff: BACKOFF,
  spawn: {},
};

/** Merges a spec over the defaults and checks each field. Throws SUPERVISION_INVALID or SUPERVISION_CONTRADICTORY. */
export function child<M extends Message>(spec: ChildSpec<M>): AnyChild {
  const full = { ...CHILD_DEFAULTS, ...spec };
  const { name, kind, restart, overBudget, backoff, spawn } = full;
  checkName(name);
  oneOf(`${name}.restart`, restart, RESTART_TYPES);
  oneOf(`${name}.overBudget`, overBudget, ['escalate', 'quarantine']);
  checkBackoff(backoff);
  if (spawn.stopDeadlineMs !== undefined) {
    wholeNumber(`${name}.spawn.stopDeadlineMs`, spawn.stopDeadlineMs, 1, DEADLINE_MS_MAX);
  }
  if (restart === 'temporary' && overBudget === 'quarantine') {
    throw errors.SUPERVISION_CONTRADICTORY({
      child: name,
      why: 'a temporary child is never restarted, so it has no budget',
    });
  }
  const start = (context: ActorContext<never>): Ref<never> => {
    const ref = context.spawn(name, full.behavior(), spawn);
    full.onStarted?.(ref);
    return ref;
  };
  return { name, kind, restart, overBudget, backoff, start };
}

function checkName(name: string): void {
  if (name.length === 0 || name.includes('/')) {
    throw errors.SUPERVISION_INVALID({ field: 'name', value: name, allowed: 'a name without "/"' });
  }
}

/** The whole of a supervisor's data, checked. Throws SUPERVISION_INVALID or SUPERVISION_CONTRADICTORY. */
export function checkSupervisor(spec: SupervisorSpec): Required<SupervisorSpec> {
  const full = { strategy: 'one_for_one', budget: RESTART_BUDGET, ...spec } as const;
  oneOf('strategy', full.strategy, STRATEGIES);
  checkBudget(full.budget);
  wholeNumber('children', full.children.length, 0, CHILDREN_PER_SUPERVISOR);
  const names = new Set<string>();
  for (const each of full.children) {
    checkMember(full.strategy, each, names);
    names.add(each.name);
  }
  return full;
}

/** May this child stand among `names` under this strategy? */
export function checkMember(strategy: Strategy, each: AnyChild, names: { has(name: string): boolean }): void {
  if (names.has(each.name)) {
    throw errors.SUPERVISION_INVALID({ field: 'name', value: each.name, allowed: 'a name that no other child has' });
  }
  if (each.overBudget === 'quarantine' && strategy !== 'one_for_one') {
    const why = `siblings restart with it under ${strategy}, so it cannot be left down alone (quarantine)`;
    throw errors.SUPERVISION_CONTRADICTORY({ child: each.name, why });
  }
}
