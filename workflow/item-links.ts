import type { Graph } from './graph.ts';
import type { Item, PairedItem, Source } from './items.ts';
import { LINK_STEPS } from './limits.ts';
import type { RunData } from './run-events.ts';

/** Where the walk begins: the node that asks, where its inputs came from, and the items it works on. */
export interface LinkOrigin {
  readonly node: string;
  readonly sources: readonly (Source | null)[];
  /** Items of the input the node reads, stamped as in the runNode effect. */
  readonly items: readonly Item[];
}

/** An item of a finished run: the run, output and index it stands at. */
export interface LinkedItem {
  readonly ok: Item;
  readonly run: number;
  readonly output: number;
  readonly index: number;
}

/** Why there is no item. */
export type LinkError =
  /** The target has not run (or does not exist). */
  | { readonly error: 'notRun'; readonly target: string }
  /** No connection leads from the target to the asking node. */
  | { readonly error: 'notUpstream'; readonly target: string }
  /** `at` names the node whose item has no link, or a link to nothing. */
  | { readonly error: 'linkMissing'; readonly target: string; readonly at: string }
  /** Several different items of the target are linked; `at` is where the ways part. */
  | { readonly error: 'ambiguous'; readonly target: string; readonly at: string };

interface Place {
  readonly node: string;
  readonly run: number;
  readonly output: number;
  readonly index: number;
}

function linksOf(item: Item): readonly PairedItem[] {
  const { pairedItem } = item;
  if (pairedItem === undefined) return [];
  if (typeof pairedItem === 'number') return [{ item: pairedItem }];
  return Array.isArray(pairedItem) ? pairedItem : [pairedItem];
}

/** The item a link points at, given where the inputs of the linking run came from. */
function follow(link: PairedItem, sources: readonly (Source | null)[]): Place | undefined {
  const source = link.sourceOverwrite ?? sources[link.input ?? 0] ?? undefined;
  if (source === undefined) return undefined;
  return {
    node: source.previousNode,
    run: source.previousNodeRun ?? 0,
    output: source.previousNodeOutput ?? 0,
    index: link.item,
  };
}

function itemAt(runData: RunData, place: Place): Item | undefined {
  return runData.get(place.node)?.[place.run]?.outputs?.[place.output]?.[place.index];
}

class Walk {
  readonly #runData: RunData;
  readonly #target: string;
  readonly #seen = new Set<string>();
  #open: Place[] = [];
  #found: (LinkedItem & Place) | undefined;
  /** Where the first way that led nowhere broke off. */
  #broken: string;
  #parted: string;
  #steps = 0;

  constructor(runData: RunData, target: string, origin: string) {
    this.#runData = runData;
    this.#target = target;
    this.#broken = origin;
    this.#parted = origin;
  }

  #branch(item: Item, sources: readonly (Source | null)[], at: string): void {
    const links = linksOf(item);
    if (links.length === 0) this.#broken = at;
    if (links.length > 1) this.#parted = at;
    for (const link of links) {
      const place = follow(link, sources);
      if (place === undefined) continue;
      // Several ways may meet again; each place is looked at once. A single way needs no such memory.
      if (links.length > 1 || this.#seen.size > 0) {
        const key = JSON.stringify([place.node, place.run, place.output, place.index]);
        if (this.#seen.has(key)) continue;
        this.#seen.add(key);
      }
      this.#open.push(place);
    }
  }

  /** False when a second, different end was found. */
  #take(place: Place, item: Item): boolean {
    if (this.#found === undefined) this.#found = { ...place, ok: item };
    const { run, output, index } = this.#found;
    return run === place.run && output === place.output && index === place.index;
  }

  run(item: Item, sources: readonly (Source | null)[], at: string): LinkedItem | LinkError {
    this.#branch(item, sources, at);
    for (let place = this.#open.pop(); place !== undefined; place = this.#open.pop()) {
      const found = itemAt(this.#runData, place);
      this.#steps += 1;
      if (found === undefined || this.#steps > LINK_STEPS) {
        this.#broken = place.node;
      } else if (place.node !== this.#target) {
        this.#branch(found, this.#runData.get(place.node)?.[place.run]?.source ?? [], place.node);
      } else if (!this.#take(place, found)) {
        return { error: 'ambiguous', target: this.#target, at: this.#parted };
      }
    }
    if (this.#found === undefined) return { error: 'linkMissing', target: this.#target, at: this.#broken };
    const { ok, run, output, index } = this.#found;
    return { ok, run, output, index };
  }
}

/**
 * `$('target').item` for item `itemIndex` of the asking node: follows `pairedItem` and the recorded sources back to the
 * target. Of a list of links those that lead elsewhere are ignored; if the rest agree on one item, that is it. The walk
 * ends at the first item of the target on each way, so within a loop it is the latest round's.
 */
export function pairedItemOf(
  runData: RunData,
  graph: Graph,
  from: LinkOrigin,
  itemIndex: number,
  target: string,
): LinkedItem | LinkError {
  if ((runData.get(target)?.length ?? 0) === 0) return { error: 'notRun', target };
  if (!graph.ancestors(from.node).has(target)) return { error: 'notUpstream', target };
  const item = from.items[itemIndex];
  if (item === undefined) return { error: 'linkMissing', target, at: from.node };
  return new Walk(runData, target, from.node).run(item, from.sources, from.node);
}

/**
 * Which output and run of the target `.first()`, `.last()` and `.all()` read when none is given: the output through
 * which the target leads to the asking node (else 0) and the target's latest run. `notRun` when it has none.
 */
export function contextOutput(
  runData: RunData,
  graph: Graph,
  from: string,
  target: string,
): { output: number; run: number } | Extract<LinkError, { error: 'notRun' }> {
  const runs = runData.get(target)?.length ?? 0;
  if (runs === 0) return { error: 'notRun', target };
  return { output: graph.outputTowards(target, from) ?? 0, run: runs - 1 };
}
