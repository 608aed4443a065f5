import { SeenIds } from '../bus/seen-ids.ts';

/** Which messages were here before: the newest ids of each sender, of the senders heard last. */
export class SeenMessages {
  readonly #idsPerSender: number;
  readonly #sendersMost: number;
  readonly #senders = new Map<string, SeenIds>();

  constructor(idsPerSender: number, sendersMost: number) {
    this.#idsPerSender = idsPerSender;
    this.#sendersMost = sendersMost;
  }

  get senders(): number {
    return this.#senders.size;
  }

  /** True the first time. */
  fresh(sender: string, id: string): boolean {
    const ids = this.#senders.get(sender) ?? new SeenIds(this.#idsPerSender);
    const fresh = !ids.has(id);
    if (fresh) ids.add(id);
    this.#senders.delete(sender);
    this.#senders.set(sender, ids);
    for (const oldest of this.#senders.keys()) {
      if (this.#senders.size <= this.#sendersMost) break;
      this.#senders.delete(oldest);
    }
    return fresh;
  }
}
