import type { Clock } from '#runtime';
import type { TreeDepth } from './hub.ts';
import type { Interest } from './live-messages.ts';

/** Watching members by boot id, with the moment (monotonic) at which each is forgotten. */
type Watchers = Map<string, number>;

/** Which other member watches what of this one. Looked up in the commit path: one look at a number when nobody does. */
export class InterestTable {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #topicsKept: number;
  readonly #runs = new Map<string, Watchers>();
  readonly #workflows = new Map<string, Watchers>();
  readonly #trees: Record<TreeDepth, Watchers> = { all: new Map(), lasting: new Map() };
  /** Topics by member. */
  readonly #counts = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>, topicsKept: number) {
    this.#clock = clock;
    this.#topicsKept = topicsKept;
  }

  /** Topics that some member watches. */
  get size(): number {
    return this.#runs.size + this.#workflows.size;
  }

  note(member: string, { runs, workflows, tree, ttlMs }: Interest): void {
    const until = this.#clock.monotonic() + ttlMs;
    for (const run of runs) this.#add(this.#runs, run, member, until);
    for (const workflow of workflows) this.#add(this.#workflows, workflow, member, until);
    if (tree !== undefined) this.#trees[tree].set(member, until);
  }

  /** Members that watch this run or its workflow; undefined = none. */
  watchersOf(executionId: string, workflowId: string): Iterable<string> | undefined {
    if (this.size === 0) return undefined;
    const ofRun = this.#runs.get(executionId);
    const ofWorkflow = this.#workflows.get(workflowId);
    if (ofRun === undefined || ofWorkflow === undefined) return (ofRun ?? ofWorkflow)?.keys();
    return new Set([...ofRun.keys(), ...ofWorkflow.keys()]);
  }

  /** Members that watch the tree; undefined = none. `brief`: the event is of an actor that comes and goes. */
  treeWatchers(brief: boolean): Iterable<string> | undefined {
    const { all, lasting } = this.#trees;
    if (brief) return all.size === 0 ? undefined : all.keys();
    if (lasting.size === 0) return all.size === 0 ? undefined : all.keys();
    return new Set([...all.keys(), ...lasting.keys()]);
  }

  /** Forgets what was not announced again in time. */
  expire(): void {
    const now = this.#clock.monotonic();
    this.#drop((_, until) => until <= now);
  }

  forget(member: string): void {
    this.#drop((each) => each === member);
  }

  #add(topics: Map<string, Watchers>, topic: string, member: string, until: number): void {
    const watchers = topics.get(topic);
    if (watchers?.has(member) === true) return void watchers.set(member, until);
    const count = this.#counts.get(member) ?? 0;
    if (count >= this.#topicsKept) return;
    this.#counts.set(member, count + 1);
    if (watchers) watchers.set(member, until);
    else topics.set(topic, new Map([[member, until]]));
  }

  #drop(gone: (member: string, until: number) => boolean): void {
    for (const topics of [this.#runs, this.#workflows]) {
      for (const [topic, watchers] of topics) {
        for (const [member, until] of watchers) {
          if (!gone(member, until)) continue;
          watchers.delete(member);
          this.#countDown(member);
        }
        if (watchers.size === 0) topics.delete(topic);
      }
    }
    for (const watchers of Object.values(this.#trees)) {
      for (const [member, until] of watchers) if (gone(member, until)) watchers.delete(member);
    }
  }

  #countDown(member: string): void {
    const left = (this.#counts.get(member) ?? 1) - 1;
    if (left === 0) this.#counts.delete(member);
    else this.#counts.set(member, left);
  }
}
