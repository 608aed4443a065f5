import type { Message, Ref } from '../actor.ts';
import { errors } from '../errors.ts';
import type { Cell, Kernel } from './parts.ts';

/** Questions that wait for their answer. Each ends exactly once: answered, over its deadline, or its target gone. */
export class Asks {
  readonly #kernel: Kernel;
  #open = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  ask<M extends Message, R>(to: Ref<M>, message: (reply: (value: R) => void) => M, timeoutMs: number): Promise<R> {
    const { limits } = this.#kernel;
    if (this.#open >= limits.asksOpen) {
      return Promise.reject(errors.ASKS_TOO_MANY({ path: to.path, limit: limits.asksOpen }));
    }
    return new Promise<R>((resolve, reject) => {
      const cell = this.#kernel.cells.get(to.uid);
      const question = this.#begin(to, cell, timeoutMs, reject);
      const reply = (value: R): void => {
        if (question.close()) resolve(value);
        else this.#kernel.deadLetters.add(to, 'reply', 'lateReply');
      };
      try {
        if (this.#kernel.system.tell(to, message(reply))) return;
        question.fail(refusal(to, cell, limits.mailboxMessages));
      } catch (error) {
        question.fail(error);
      }
    });
  }

  #begin(to: Ref<never>, cell: Cell | undefined, timeoutMs: number, reject: (error: unknown) => void): Question {
    let open = true;
    this.#open += 1;
    const gone = (): void => question.fail(errors.ASK_TARGET_GONE({ path: to.path }));
    const question: Question = {
      close: () => {
        if (!open) return false;
        open = false;
        this.#open -= 1;
        cancel();
        cell?.afterlife?.delete(gone);
        return true;
      },
      fail: (error) => {
        if (question.close()) reject(error);
      },
    };
    const cancel = this.#kernel.clock.after(timeoutMs, () =>
      question.fail(errors.ASK_TIMEOUT({ path: to.path, timeoutMs })),
    );
    if (cell !== undefined) (cell.afterlife ??= new Set()).add(gone);
    return question;
  }
}

interface Question {
  /** False when it was closed before. */
  close(): boolean;
  fail(error: unknown): void;
}

function refusal(to: Ref<never>, cell: Cell | undefined, limit: number): Error {
  return cell?.phase === 'running'
    ? errors.MAILBOX_FULL({ path: to.path, limit })
    : errors.ASK_TARGET_GONE({ path: to.path });
}
