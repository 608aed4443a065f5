import type { MemberInfo, MembershipChange } from '#runtime';
import { Listeners } from '../listeners.ts';
import { changeOf, withSelf } from '../member-change.ts';

/** What every driver keeps: the last view with this member in it, and who is told of its changes. */
export class Roster {
  readonly #listeners = new Listeners<MembershipChange>();
  #self: MemberInfo | undefined;
  #view: readonly MemberInfo[] = [];

  get self(): MemberInfo | undefined {
    return this.#self;
  }

  members(): readonly MemberInfo[] {
    return this.#view;
  }

  watch(listener: (change: MembershipChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** This member, as it is from now on. */
  setSelf(self: MemberInfo): void {
    this.#self = self;
    this.set(this.#view);
  }

  /** The service's answer; whatever it says of this member, it is in the view, once. */
  set(members: readonly MemberInfo[]): void {
    const after = this.#self ? withSelf(this.#self, members) : members;
    const change = changeOf(this.#view, after);
    if (change === undefined) return;
    this.#view = after;
    this.#listeners.tell(change);
  }
}
