import { same } from '#runtime';
import type { Behavior } from '#runtime';
import { Brood } from './brood.ts';
import type { Chances } from './brood.ts';
import { checkSupervisor } from './child-spec.ts';
import type { SupervisorSpec } from './child-spec.ts';
import type { SupervisorMessage } from './protocol.ts';

/**
 * An actor that keeps children alive: starts them left to right, restarts after each end as strategy, restart type and
 * budget say, with backoff, and stops them right to left, each within its own deadline.
 *
 * Over the budget it crashes itself with RESTARTS_EXCEEDED, so that its own supervisor decides, or leaves the child
 * down (quarantine). The spec is checked here, before anything starts: SUPERVISION_INVALID, SUPERVISION_CONTRADICTORY.
 * Spawn it with a `stopDeadlineMs` not below the sum of its children's, for they go one after the other.
 */
export function supervisor(spec: SupervisorSpec, chances: Chances): Behavior<SupervisorMessage, Brood> {
  const full = checkSupervisor(spec);
  return {
    kind: spec.kind,
    childStopOrder: 'lastFirst',
    init: (context) => new Brood(full, chances, context),
    receive(brood, message) {
      switch (message.type) {
        case 'supervisor.start': {
          const started = brood.add(message.child);
          message.reply?.(started);
          return same;
        }
        case 'supervisor.stop':
          brood.remove(message.name, () => message.reply?.());
          return same;
        case 'supervisor.resume':
          brood.resume(message.round);
          return same;
        case 'supervisor.annotate':
          brood.annotate();
          return same;
      }
    },
    childExited(brood, exit) {
      brood.exited(exit);
      return same;
    },
    inspect: (brood) => brood.summary,
  };
}
