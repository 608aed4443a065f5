import type { OutboxEvent } from '#runtime';
import { errors } from './errors.ts';
import { BUS_LIMITS } from './limits.ts';

/**
 * The event bus port: integration events (`workflow.created`, `execution.completed`, …) on their way out of the
 * outbox. Each event carries its `id`; a consumer that sees an id twice drops the second. Order is kept per
 * `aggregateId`.
 */
export interface EventBus {
  /** Resolves when the bus has taken the event over; the outbox row may go then. */
  publish(event: OutboxEvent): Promise<void>;
  /** Events whose type matches the pattern from now on. Returns unlisten. Throws BUS_LISTENERS_EXCEEDED. */
  listen(pattern: string, listener: (event: OutboxEvent) => void): () => void;
}

/** Called once per event taken over and once per delivery to a listener; for the metrics. */
export interface BusObserver {
  published?(eventType: string): void;
  consumed?(eventType: string, status: 'ok' | 'failed'): void;
}

/**
 * The bus of a single machine. A listener that throws is counted as failed and disturbs no one else. Patterns are
 * those of topic exchanges: words joined by dots, `*` is one word, `#` is any number of words.
 */
export function createMemoryBus(observer: BusObserver = {}): EventBus {
  const listeners = new Set<{ matches: (type: string) => boolean; listener: (event: OutboxEvent) => void }>();
  return {
    async publish(event) {
      observer.published?.(event.type);
      for (const { matches, listener } of listeners) {
        if (!matches(event.type)) continue;
        const status = attempt(listener, event);
        observer.consumed?.(event.type, status);
      }
    },
    listen(pattern, listener) {
      if (listeners.size >= BUS_LIMITS.BUS_LISTENERS) {
        throw errors.BUS_LISTENERS_EXCEEDED({ limit: BUS_LIMITS.BUS_LISTENERS });
      }
      const words = pattern.split('.');
      const entry = { matches: (type: string) => matchesWords(words, type.split('.')), listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}

function attempt(listener: (event: OutboxEvent) => void, event: OutboxEvent): 'ok' | 'failed' {
  try {
    listener(event);
    return 'ok';
  } catch {
    return 'failed';
  }
}

function matchesWords(pattern: readonly string[], words: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return words.length === 0;
  if (head === '#') return matchesWords(rest, words) || (words.length > 0 && matchesWords(pattern, words.slice(1)));
  return words.length > 0 && (head === '*' || head === words[0]) && matchesWords(rest, words.slice(1));
}
