import type { ActorContext, ActorSystem, Behavior, Exit, InspectionEvent, Next, Ref } from '../actor.ts';
import { same } from '../next.ts';
import { seededRandom, SimulatedClock } from '../testing.ts';
import type { KernelLimits } from './parts.ts';
import { createSystem } from './system.ts';

/** Test support: a system under simulated time that records everything, and actors that do what a test says. */
export interface Scene {
  clock: SimulatedClock;
  system: ActorSystem;
  events: InspectionEvent[];
  bugs: { error: unknown; where: string }[];
  /** Events of one type, in order. */
  seen<T extends InspectionEvent['type']>(type: T): Extract<InspectionEvent, { type: T }>[];
}

export function scene(limits: Partial<KernelLimits> = {}): Scene {
  const clock = new SimulatedClock();
  const events: InspectionEvent[] = [];
  const bugs: Scene['bugs'] = [];
  const onBug = (error: unknown, where: string): void => void bugs.push({ error, where });
  const system = createSystem({ name: 'test', clock, random: seededRandom(1), limits, onBug });
  system.observe((event) => events.push(event));
  return {
    clock,
    system,
    events,
    bugs,
    seen: <T extends InspectionEvent['type']>(type: T) =>
      events.filter((event): event is Extract<InspectionEvent, { type: T }> => event.type === type),
  };
}

export type Act = { type: 'act'; act: (context: ActorContext<Puppet>) => Next<string[]> | Promise<Next<string[]>> };
/** `note` writes its text into the actor's log; `act` runs a function as the actor. */
export type Puppet = Act | { type: 'note'; text: string };

export type PuppetBehavior = Behavior<Puppet, string[]>;

/** An actor whose state is a log: notes, exits of children (`child:reason`) and last words (`stopping:reason`). */
export function puppet(log: string[] = [], more: Partial<PuppetBehavior> = {}): PuppetBehavior {
  return {
    kind: 'puppet',
    init: () => log,
    receive(state, message, context) {
      if (message.type === 'act') return message.act(context);
      state.push(message.text);
      return same;
    },
    childExited(state, exit: Exit) {
      state.push(`${exit.name}:${exit.reason.kind}`);
      return same;
    },
    stopping(state, reason) {
      state.push(`stopping:${reason.kind}`);
    },
    ...more,
  };
}

export function act(run: Act['act']): Act {
  return { type: 'act', act: run };
}

/** Like `act`, carrying on afterwards. */
export function run(work: (context: ActorContext<Puppet>) => void): Act {
  return act((context) => {
    work(context);
    return same;
  });
}

export function note(text: string): Puppet {
  return { type: 'note', text };
}

/** A promise with its handles. */
export function deferred<T>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}

export type PuppetRef = Ref<Puppet>;
