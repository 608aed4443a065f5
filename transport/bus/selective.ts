import type { EventBus } from '#runtime';

/**
 * A bus that also says whether anybody would hear of a type, so that runs need not write events for nobody. Answered
 * from memory, for it is asked for every event of every run.
 */
export interface SelectiveBus extends EventBus {
  /** False: no subscriber takes events of this type, as far as is known. */
  wants(type: string): boolean;
}
