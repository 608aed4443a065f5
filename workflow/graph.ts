import type { ConnectionTarget, WorkflowDefinition } from './definition.ts';

/** The end of a connection seen from its target: the node and output that feed an input. */
export interface Feed {
  readonly node: string;
  readonly output: number;
}

const NO_FEEDS: readonly (readonly Feed[])[] = [];
const NO_TARGETS: readonly (readonly ConnectionTarget[])[] = [];

/** The main connections of a definition, looked at from both ends. Built once per definition by {@link graphOf}. */
export class Graph {
  readonly #feeds = new Map<string, Feed[][]>();
  readonly #targets: WorkflowDefinition['connections'];
  readonly #ancestors = new Map<string, ReadonlySet<string>>();

  constructor(definition: WorkflowDefinition) {
    this.#targets = definition.connections;
    for (const [node, outputs] of definition.connections) {
      outputs.forEach((targets, output) => {
        for (const target of targets) this.#addFeed(target, { node, output });
      });
    }
  }

  #addFeed(target: ConnectionTarget, feed: Feed): void {
    const inputs = this.#feeds.get(target.node) ?? [];
    while (inputs.length <= target.input) inputs.push([]);
    inputs[target.input]?.push(feed);
    this.#feeds.set(target.node, inputs);
  }

  /** Per output, where it leads, in the author's order. */
  targets(node: string): readonly (readonly ConnectionTarget[])[] {
    return this.#targets.get(node) ?? NO_TARGETS;
  }

  /** Per input up to the highest connected one, what feeds it. */
  feeds(node: string): readonly (readonly Feed[])[] {
    return this.#feeds.get(node) ?? NO_FEEDS;
  }

  /** Inputs that wait for data: connected ones, counted up to the highest index. */
  inputsConnected(node: string): number {
    return this.feeds(node).length;
  }

  /** Direct predecessors, each once, by input and then in the author's order. */
  parents(node: string): readonly string[] {
    return [...new Set(this.feeds(node).flatMap((feeds) => feeds.map((feed) => feed.node)))];
  }

  /** Direct successors, each once. */
  children(node: string): readonly string[] {
    return [...new Set(this.targets(node).flatMap((targets) => targets.map((target) => target.node)))];
  }

  /** All nodes from which this one can be reached. Within a cycle a node is its own ancestor. */
  ancestors(node: string): ReadonlySet<string> {
    const known = this.#ancestors.get(node);
    if (known !== undefined) return known;
    const found = new Set<string>();
    const open = [...this.parents(node)];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...this.parents(next));
    }
    this.#ancestors.set(node, found);
    return found;
  }

  /**
   * The output of `from` by which it leads to `to` on the shortest way; undefined when it does not. Among equally
   * short ways the one through the lower input, then the author's order.
   */
  outputTowards(from: string, to: string): number | undefined {
    const seen = new Set([to]);
    let level = [to];
    while (level.length > 0) {
      const above: string[] = [];
      for (const feed of level.flatMap((node) => this.feeds(node).flat())) {
        if (feed.node === from) return feed.output;
        if (!seen.has(feed.node)) {
          seen.add(feed.node);
          above.push(feed.node);
        }
      }
      level = above;
    }
    return undefined;
  }
}

const graphs = new WeakMap<WorkflowDefinition, Graph>();

/** The graph of a definition; computed at the first call and kept as long as the definition. */
export function graphOf(definition: WorkflowDefinition): Graph {
  let graph = graphs.get(definition);
  if (graph === undefined) {
    graph = new Graph(definition);
    graphs.set(definition, graph);
  }
  return graph;
}
