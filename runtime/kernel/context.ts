import type { ActorContext, ActorSystem, Behavior, ChildNote, Exit, Message, Ref, SpawnOptions } from '../actor.ts';
import { errors } from '../errors.ts';
import type { Cell } from './parts.ts';

/** The hands of an actor: what its own code may do with its cell. */
export class Context<M extends Message> implements ActorContext<M> {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get self(): Ref<M> {
    return this.#cell.ref;
  }

  get name(): string {
    return this.#cell.name;
  }

  get system(): ActorSystem {
    return this.#cell.kernel.system;
  }

  get childCount(): number {
    return this.#cell.children?.size ?? 0;
  }

  child(name: string): Ref<Message> | undefined {
    return this.#cell.children?.get(name)?.ref;
  }

  spawn<N extends Message, T>(name: string, behavior: Behavior<N, T>, options: SpawnOptions = {}): Ref<N> {
    return this.#cell.kernel.spawn(this.#cell, name, behavior, options);
  }

  stop(child: Ref<never>): Promise<void> {
    const target = this.#cell.kernel.cells.get(child.uid);
    if (target !== undefined && target.parent !== this.#cell) {
      throw errors.ACTOR_NOT_A_CHILD({ path: child.path, parent: this.#cell.ref.path });
    }
    return this.system.stop(child);
  }

  watch(ref: Ref<never>, message: (exit: Exit) => M): void {
    const target = this.#cell.kernel.cells.get(ref.uid);
    if (target !== undefined) {
      this.#cell.watch(target, message);
      return;
    }
    const name = ref.path.slice(ref.path.lastIndexOf('/') + 1);
    this.#cell.acceptOwn(() => message({ ref, name, reason: { kind: 'stopped' } }));
  }

  pipeToSelf<T>(work: Promise<T>, ok: (value: T) => M, failed: (error: unknown) => M): void {
    const cell = this.#cell;
    this.#begin();
    work.then(
      (value) => {
        cell.pendingWork -= 1;
        cell.acceptOwn(() => ok(value));
      },
      (error: unknown) => {
        cell.pendingWork -= 1;
        cell.acceptOwn(() => failed(error));
      },
    );
  }

  tellSelfAfter(ms: number, message: M): () => void {
    const cell = this.#cell;
    if (cell.phase !== 'running') return () => undefined;
    this.#begin();
    const timers = (cell.timers ??= new Set());
    const cancel = (): void => {
      if (!timers.delete(cancel)) return;
      cell.pendingWork -= 1;
      stopClock();
    };
    timers.add(cancel);
    const stopClock = cell.kernel.clock.after(ms, () => {
      cancel();
      cell.acceptOwn(() => message);
    });
    return cancel;
  }

  unstashAll(): void {
    this.#cell.unstashAll();
  }

  annotateChild(name: string, note: ChildNote | undefined): void {
    const cell = this.#cell;
    if (note === undefined) {
      cell.notes?.delete(name);
      return;
    }
    const notes = (cell.notes ??= new Map());
    if (!notes.has(name) && notes.size >= cell.kernel.limits.childrenPerActor) {
      // The oldest note makes room: notes are for people, and people look at the newest trouble.
      for (const oldest of notes.keys()) {
        notes.delete(oldest);
        break;
      }
    }
    notes.set(name, note);
  }

  #begin(): void {
    const cell = this.#cell;
    const limit = cell.kernel.limits.pendingWorkPerActor;
    if (cell.pendingWork >= limit) throw errors.ACTOR_WORK_TOO_MUCH({ path: cell.ref.path, limit });
    cell.pendingWork += 1;
  }
}
