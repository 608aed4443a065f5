import type { LeaseBeatSource } from '#runtime';

/** What the renewal thread is started with; times in milliseconds. */
export interface PulseOrders {
  readonly source: LeaseBeatSource;
  readonly bootId: string;
  readonly mainTickMsMax: number;
  readonly memory: SharedArrayBuffer;
}

/** What it tells. */
export type PulseNews =
  | { readonly type: 'renewed'; readonly seconds: number }
  | { readonly type: 'failed'; readonly reason: string };
