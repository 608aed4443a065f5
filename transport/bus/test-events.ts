import type { OutboxEvent } from '#runtime';
import type { RetryPolicy } from './limits.ts';

/** Test support: tries that come quickly. */
export const RETRY: RetryPolicy = { attempts: 3, firstMs: 20, factor: 2, mostMs: 100 };

export function event(type: string, more: Partial<OutboxEvent> = {}): OutboxEvent {
  const body = { aggregateType: 'test', timestamp: 1, version: 1, payload: {}, metadata: {} };
  return { id: 'e1', type, aggregateId: 'a', ...body, ...more };
}

/** Events with ids that count up, each of an aggregate of its own. */
export function numbered(count: number, from = 0): OutboxEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const id = String(from + index);
    return event('test.numbered', { id, aggregateId: id });
  });
}
