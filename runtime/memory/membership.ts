import type { MemberInfo, Membership, MembershipChange } from '../ports/index.ts';

/**
 * A membership service in memory: the drivers it makes see one another. Its faults are those of real ones: away, and
 * answers without anybody.
 */
export interface MembershipBoard {
  /** A driver of a member that has not joined yet. */
  driver(): Membership;
  /** Away: nothing changes for anybody, every driver is `stale`; what was said meanwhile counts when it is back. */
  setAway(away: boolean): void;
  /** It has lost its list: drivers keep what they know, and tell it who they are when this ends. */
  setEmpty(empty: boolean): void;
  /** A member dies without a word; the others no longer see it. */
  lose(bootId: string): void;
}

/** An empty board. Changes are told in the same turn. */
export function membershipBoard(): MembershipBoard {
  return new Board();
}

class Board implements MembershipBoard {
  readonly listed = new Map<string, MemberInfo>();
  readonly drivers = new Set<BoardMembership>();
  away = false;
  #empty = false;

  get silent(): boolean {
    return this.away || this.#empty;
  }

  driver(): Membership {
    return new BoardMembership(this);
  }

  setAway(away: boolean): void {
    this.away = away;
    this.publish();
  }

  setEmpty(empty: boolean): void {
    this.#empty = empty;
    this.publish();
  }

  lose(bootId: string): void {
    this.listed.delete(bootId);
    for (const driver of this.drivers) if (driver.bootId === bootId) this.drivers.delete(driver);
    this.publish();
  }

  publish(): void {
    if (this.silent) return;
    this.listed.clear();
    for (const { self } of this.drivers) if (self) this.listed.set(self.bootId, self);
    for (const driver of this.drivers) driver.see([...this.listed.values()]);
  }
}

class BoardMembership implements Membership {
  readonly #board: Board;
  readonly #listeners = new Set<(change: MembershipChange) => void>();
  #view: readonly MemberInfo[] = [];
  self: MemberInfo | undefined;

  constructor(board: Board) {
    this.#board = board;
  }

  get bootId(): string | undefined {
    return this.self?.bootId;
  }

  async join(self: MemberInfo): Promise<void> {
    this.#become(self);
    this.#board.drivers.add(this);
    this.#board.publish();
  }

  members(): readonly MemberInfo[] {
    return this.#view;
  }

  state(): 'up' | 'stale' {
    return this.#board.away ? 'stale' : 'up';
  }

  watch(listener: (change: MembershipChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async update(patch: Partial<Pick<MemberInfo, 'draining' | 'address'>>): Promise<void> {
    if (this.self === undefined) return;
    this.#become({ ...this.self, ...patch });
    this.#board.publish();
  }

  async leave(): Promise<void> {
    if (this.#board.drivers.delete(this)) this.#board.publish();
  }

  see(members: readonly MemberInfo[]): void {
    const before = this.#view;
    const joined = members.filter(({ bootId }) => !before.some((member) => member.bootId === bootId));
    const left = before.filter(({ bootId }) => !members.some((member) => member.bootId === bootId));
    if (joined.length + left.length === 0 && JSON.stringify(before) === JSON.stringify(members)) return;
    this.#view = members;
    for (const listener of this.#listeners) listener({ members, joined, left });
  }

  #become(self: MemberInfo): void {
    this.self = self;
    this.see([...this.#view.filter(({ bootId }) => bootId !== self.bootId), self]);
  }
}
