import type { Exit } from '../actor.ts';
import type { Cell, Notice } from './parts.ts';

/** Both sides of death watch for one actor: who watches it, and whom it watches. */
export class Watches {
  readonly #owner: Cell;
  #watchers: Map<Cell, Notice[]> | undefined;
  #watched: Set<Cell> | undefined;

  constructor(owner: Cell) {
    this.#owner = owner;
  }

  watch(target: Cell, notice: Notice): void {
    this.#watched ??= new Set();
    this.#watched.add(target);
    target.addWatcher(this.#owner, notice);
  }

  addWatcher(watcher: Cell, notice: Notice): void {
    this.#watchers ??= new Map();
    const notices = this.#watchers.get(watcher);
    if (notices === undefined) this.#watchers.set(watcher, [notice]);
    else notices.push(notice);
  }

  removeWatcher(watcher: Cell): void {
    this.#watchers?.delete(watcher);
  }

  forgetWatched(target: Cell): void {
    this.#watched?.delete(target);
  }

  /** The owner is gone: tell the watchers, and leave the lists of those it watched. */
  end(exit: Exit): void {
    for (const target of this.#watched ?? []) target.removeWatcher(this.#owner);
    this.#watched = undefined;
    for (const [watcher, notices] of this.#watchers ?? []) {
      watcher.forgetWatched(this.#owner);
      for (const notice of notices) watcher.acceptOwn(() => notice(exit));
    }
    this.#watchers = undefined;
  }
}
