import type { Journal, Step } from '#runtime';

/** Commits as `commit` does, and rings after every batch that left events. */
export function ringing(commit: Journal['commit'], ring: () => void): Journal['commit'] {
  return async (steps) => {
    const outcomes = await commit(steps);
    if (steps.some(hasEvents)) ring();
    return outcomes;
  };
}

function hasEvents(step: Step): boolean {
  return step.outbox !== undefined || (step.children?.some(hasEvents) ?? false);
}
