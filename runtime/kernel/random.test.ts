import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ActorInfo, Next } from '../actor.ts';
import { same, stop } from '../next.ts';
import { quiet } from '../testing.ts';
import { act, puppet, run, scene } from './testkit.ts';
import type { Puppet, PuppetRef, Scene } from './testkit.ts';

/** What happens to one of the actors made so far; `who` picks it. */
type Happening = { what: (typeof HAPPENINGS)[number]; who: number };

const HAPPENINGS = ['spawn', 'stop', 'finish', 'crash', 'crashLater', 'wait', 'watch', 'sayMany', 'hang'] as const;

const happening: fc.Arbitrary<Happening> = fc.record({ what: fc.constantFrom(...HAPPENINGS), who: fc.nat(1000) });

/** Deadlines shorter than the time that passes at the end, so that hanging actors are given up on. */
const DEADLINES = { stopDeadlineMs: 50, handlerDeadlineMs: 80 };

class World {
  readonly scene: Scene = scene(DEADLINES);
  readonly refs: PuppetRef[] = [];
  /** Per uid: exits that its parent heard, and exits that watchers heard. */
  readonly heard = new Map<number, number>();
  readonly watched = new Map<number, { asked: number; heard: number; watchers: Set<number> }>();
  /** Handlers of one actor that run at the same time, which must never be two. */
  overlaps = 0;
  #running = new Set<number>();

  constructor() {
    this.#add(this.scene.system.spawn('root', this.#behavior()));
  }

  happen({ what, who }: Happening): void {
    const ref = this.refs[who % this.refs.length];
    if (ref === undefined) return;
    const { system } = this.scene;
    const acts: Record<Happening['what'], () => void> = {
      spawn: () =>
        this.#tell(
          ref,
          run((context) => this.#add(context.spawn(`c${this.refs.length}`, this.#behavior()))),
        ),
      stop: () => void system.stop(ref),
      finish: () =>
        this.#tell(
          ref,
          act(() => stop),
        ),
      crash: () =>
        this.#tell(
          ref,
          act(() => this.#crash()),
        ),
      crashLater: () =>
        this.#tell(
          ref,
          act(async () => (await quiet(1), this.#crash())),
        ),
      wait: () =>
        this.#tell(
          ref,
          act(async () => (await quiet(2), same)),
        ),
      watch: () => this.#watch(ref, this.refs[(who * 7) % this.refs.length] ?? ref),
      sayMany: () => {
        for (let count = 0; count < 5; count += 1) system.tell(ref, { type: 'note', text: 'x' });
      },
      hang: () =>
        this.#tell(
          ref,
          act(() => new Promise(() => undefined)),
        ),
    };
    acts[what]();
  }

  #add(ref: PuppetRef): void {
    this.refs.push(ref);
  }

  #tell(ref: PuppetRef, message: Puppet): void {
    this.scene.system.tell(ref, message);
  }

  #watch(watcher: PuppetRef, target: PuppetRef): void {
    const row = this.watched.get(target.uid) ?? { asked: 0, heard: 0, watchers: new Set() };
    this.watched.set(target.uid, row);
    const heard = (): Puppet => run(() => (row.heard += 1));
    this.#tell(
      watcher,
      run((context) => (row.watchers.add(watcher.uid), (row.asked += 1), context.watch(target, heard))),
    );
  }

  #crash(): never {
    throw new Error('crash');
  }

  #behavior() {
    const { receive, ...rest } = puppet();
    return {
      ...rest,
      receive: (state: string[], message: Puppet, context: Parameters<typeof receive>[2]) => {
        const { uid } = context.self;
        if (this.#running.has(uid)) this.overlaps += 1;
        this.#running.add(uid);
        const done = (): unknown => this.#running.delete(uid);
        try {
          const next = receive(state, message, context);
          if (next instanceof Promise) return next.finally(done) as Promise<Next<string[]>>;
          done();
          return next;
        } catch (error) {
          done();
          throw error;
        }
      },
      childExited: (_state: string[], { ref }: { ref: { uid: number } }) => {
        this.heard.set(ref.uid, (this.heard.get(ref.uid) ?? 0) + 1);
        return same;
      },
    };
  }
}

/** No child without its parent, and parents before children. */
function assertTree(rows: readonly ActorInfo[]): void {
  const seen = new Set<string>();
  for (const { path } of rows) {
    const parent = path.slice(0, path.lastIndexOf('/'));
    equal(parent === '' || seen.has(parent), true, `${path} before or without its parent`);
    seen.add(path);
  }
}

function assertBottomUp(world: World): void {
  const stopped = world.scene.seen('actor.stopped').map(({ path }) => path);
  for (const [index, path] of stopped.entries()) {
    for (const later of stopped.slice(index + 1)) {
      equal(later.startsWith(`${path}/`), false, `${later} ended after its parent`);
    }
  }
}

test('whatever happens: one end per actor, bottom up, nobody orphaned, no handler twice at once, nothing left', async () => {
  const property = fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (happenings) => {
    const world = new World();
    for (const [index, each] of happenings.entries()) {
      world.happen(each);
      if (index % 3 === 0) await quiet(1);
      assertTree(world.scene.system.tree());
    }
    await quiet(5);
    const down = world.scene.system.shutdown();
    await world.scene.clock.advance(1000);
    await down;
    const ends = world.scene.seen('actor.stopped').map(({ uid }) => uid);
    deepEqual(
      ends.toSorted(),
      world.scene
        .seen('actor.started')
        .map(({ uid }) => uid)
        .toSorted(),
    );
    assertBottomUp(world);
    equal(world.overlaps, 0);
    deepEqual(world.scene.system.tree(), []);
    equal(world.scene.clock.pending, 0);
    for (const count of world.heard.values()) equal(count, 1);
    for (const { asked, heard } of world.watched.values()) equal(heard <= asked, true);
    deepEqual(world.scene.bugs, []);
  });
  await fc.assert(property, { numRuns: 60, seed: 4711 });
});

test('messages between any two actors arrive in the order told, whatever else goes on', async () => {
  const order = fc.array(fc.record({ from: fc.nat(2), to: fc.nat(2), pause: fc.boolean() }), { maxLength: 60 });
  const property = fc.asyncProperty(order, async (tells) => {
    const { system } = scene({ turnMessages: 3 });
    const received = new Map<string, number[]>();
    const refs = [0, 1, 2].map((name) => system.spawn(`a${name}`, puppet()));
    const sent = new Map<string, number[]>();
    for (const [number, { from, to, pause }] of tells.entries()) {
      const [sender, target] = [refs[from], refs[to]];
      if (sender === undefined || target === undefined) continue;
      const pair = `${from}>${to}`;
      sent.set(pair, [...(sent.get(pair) ?? []), number]);
      const arrive = run(() => received.set(pair, [...(received.get(pair) ?? []), number]));
      system.tell(
        sender,
        run(() => void system.tell(target, arrive)),
      );
      if (pause) await quiet(1);
    }
    await quiet();
    deepEqual(received, sent);
  });
  await fc.assert(property, { numRuns: 50, seed: 4712 });
});
