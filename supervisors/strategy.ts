import type { ExitReason } from '#runtime';

/** Which children are restarted together with one that ended. */
export const STRATEGIES = ['one_for_one', 'rest_for_one', 'one_for_all'] as const;
/** Named and meant as in OTP: only the ended one, it and those started after it, or all. */
export type Strategy = (typeof STRATEGIES)[number];

/** After which ends a child is restarted at all. */
export const RESTART_TYPES = ['permanent', 'transient', 'temporary'] as const;
/** Named and meant as in OTP; the grid stands at {@link restartsAfter}. */
export type RestartType = (typeof RESTART_TYPES)[number];

/**
 *              | normal  | stopped | crashed
 *   permanent  | restart | restart | restart
 *   transient  | forget  | forget  | restart
 *   temporary  | forget  | forget  | forget
 *
 * `stopped` means by somebody other than its supervisor, whose own stops are not ends to decide on.
 */
export function restartsAfter(type: RestartType, reason: ExitReason['kind']): boolean {
  switch (type) {
    case 'permanent':
      return true;
    case 'transient':
      return reason === 'crashed';
    case 'temporary':
      return false;
  }
}

/** A child as far as a decision needs it; the list is in order of start. */
export interface Ranked {
  readonly name: string;
  readonly restart: RestartType;
}

/**
 * What a supervisor does about an end. Names are the children's; both lists may be empty of the ended child only in
 * `stop`.
 */
export type Decision =
  /** The child is over and is not missed. */
  | { readonly kind: 'forget' }
  /** Stop these, right to left, then start those, left to right. The ended one is in `start` only. */
  | { readonly kind: 'restart'; readonly stop: readonly string[]; readonly start: readonly string[] };

/** What the end of `ended` means for its siblings. Temporary siblings that are stopped for it do not come back. */
export function decide(
  strategy: Strategy,
  children: readonly Ranked[],
  ended: Ranked,
  reason: ExitReason['kind'],
): Decision {
  if (!restartsAfter(ended.restart, reason)) return { kind: 'forget' };
  const group = affected(strategy, children, ended.name);
  return {
    kind: 'restart',
    stop: group
      .map(({ name }) => name)
      .filter((name) => name !== ended.name)
      .reverse(),
    start: group.filter(({ restart }) => restart !== 'temporary').map(({ name }) => name),
  };
}

function affected(strategy: Strategy, children: readonly Ranked[], name: string): readonly Ranked[] {
  const index = children.findIndex((child) => child.name === name);
  switch (strategy) {
    case 'one_for_one':
      return children.slice(index, index + 1);
    case 'rest_for_one':
      return children.slice(index);
    case 'one_for_all':
      return children;
  }
}
