import type { NodeDefinition } from '../definition.ts';
import { graphOf } from '../graph.ts';
import { contextOutput, pairedItemOf, type LinkError } from '../item-links.ts';
import type { Item } from '../items.ts';
import { functionStop, stop, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { ParameterView } from './parameter-view.ts';
import { Handle, integerOf, newRecord } from './values.ts';

/** `$('X')`, `$node['X']`, `$input`, `$items()`: items of this and of other nodes. */

export function nodeNamed(e: Evaluation, name: string): NodeDefinition {
  const node = e.scene.workflow.node.get(name);
  if (node === undefined) throw stop('EXPRESSION_NODE_UNKNOWN', { reference: name });
  return node;
}

export function parametersOf(e: Evaluation, node: NodeDefinition): ParameterView {
  return new ParameterView(e.scene.parametersOf?.(node) ?? node.parameters);
}

function memoryOf(e: Evaluation, name: string): unknown {
  return e.scene.memoryOf?.(name) ?? newRecord();
}

/** With `binaryMode: combined` files are shown only when asked for. */
function shown(e: Evaluation, item: Item, withBinary: boolean): Item {
  if (withBinary || item.binary === undefined || e.scene.workflow.settings.raw['binaryMode'] !== 'combined')
    return item;
  const { binary: _, ...rest } = item;
  return rest;
}

function notExecuted(name: string): Error {
  return stop('EXPRESSION_NOT_EXECUTED', { reference: name });
}

/** Items of one output of one run; the defaults are the output that leads here and the latest run. */
export function itemsOf(e: Evaluation, name: string, output: unknown, run: unknown): readonly Item[] {
  const { scene } = e;
  const context = contextOutput(scene.runData, graphOf(scene.workflow), scene.node.name, name);
  if ('error' in context) throw notExecuted(name);
  const runs = scene.runData.get(name) ?? [];
  const at = run === undefined || run === null ? context.run : integerOf(e, run);
  const found = runs[at < 0 ? runs.length + at : at];
  if (found === undefined) throw stop('EXPRESSION_NO_ITEM', { text: `Run ${at} of node "${name}" not found` });
  const index = output === undefined || output === null ? context.output : integerOf(e, output);
  if (found.outputs === undefined) throw notExecuted(name);
  return found.outputs[index] ?? [];
}

function linkStop(error: LinkError): Error {
  const { target } = error;
  const link = (text: string, reason: string) => stop('EXPRESSION_ITEM_LINK', { text, reference: target, reason });
  switch (error.error) {
    case 'notRun':
      return notExecuted(target);
    case 'notUpstream':
      return link('Invalid expression', 'No path back to referenced node');
    case 'ambiguous':
      return link(
        'Multiple matches found',
        `Several items of '${target}' belong to this item; the ways part at '${error.at}'`,
      );
    case 'linkMissing':
      return link(
        `Paired item data for item from node '${error.at}' is unavailable. Ensure '${error.at}' is providing the required output.`,
        'pairedItem is missing',
      );
  }
}

/** The item of `name` that item `index` here came from. */
function linkedItem(e: Evaluation, name: string, index: number): Item {
  const { scene } = e;
  const graph = graphOf(scene.workflow);
  if (!graph.ancestors(scene.node.name).has(name)) throw linkStop({ error: 'notUpstream', target: name });
  const from = { node: scene.node.name, sources: scene.sources, items: scene.items };
  if (scene.items[index] === undefined && scene.runData.has(name)) {
    throw stop('EXPRESSION_ITEM_LINK', {
      text: 'Can’t get data for expression',
      reference: name,
      reason: `There is no item ${index}`,
    });
  }
  const found = pairedItemOf(scene.runData, graph, from, index, name);
  if ('error' in found) throw linkStop(found);
  return found.ok;
}

/** `$('X')`. */
export class NodeReference extends Handle {
  readonly #node: NodeDefinition;
  readonly #withBinary: boolean;

  constructor(node: NodeDefinition, withBinary: boolean) {
    super();
    this.#node = node;
    this.#withBinary = withBinary;
  }

  read(e: Evaluation, key: string): unknown {
    const { name } = this.#node;
    switch (key) {
      case 'item':
        return this.#show(e, linkedItem(e, name, e.itemIndex));
      case 'isExecuted':
        return (e.scene.runData.get(name)?.length ?? 0) > 0;
      case 'params':
        return parametersOf(e, this.#node);
      case 'context':
        return memoryOf(e, name);
      default:
        return undefined;
    }
  }

  call(e: Evaluation, key: string, args: unknown[]): unknown {
    const { name } = this.#node;
    e.spend(1);
    switch (key) {
      case 'first':
        return this.#maybe(e, itemsOf(e, name, args[0], args[1])[0]);
      case 'last':
        return this.#maybe(e, itemsOf(e, name, args[0], args[1]).at(-1));
      case 'all': {
        const items = itemsOf(e, name, args[0], args[1]);
        e.elements(items.length);
        return items.map((item) => this.#show(e, item));
      }
      case 'itemMatching':
        if (args[0] === undefined) throw functionStop('Missing item index for .itemMatching() (e.g. .itemMatching(0))');
        return this.#show(e, linkedItem(e, name, integerOf(e, args[0])));
      case 'pairedItem':
        return this.#show(e, linkedItem(e, name, args[0] === undefined ? e.itemIndex : integerOf(e, args[0])));
      default:
        throw typeFault(`${key} is not a function`);
    }
  }

  #show(e: Evaluation, item: Item): Item {
    return shown(e, item, this.#withBinary);
  }

  #maybe(e: Evaluation, item: Item | undefined): Item | undefined {
    return item === undefined ? undefined : this.#show(e, item);
  }

  plain(): unknown {
    return newRecord();
  }
}

/** `$node['X']`: the item of X at the same place, not the linked one. */
class LegacyNode extends Handle {
  readonly #node: NodeDefinition;

  constructor(node: NodeDefinition) {
    super();
    this.#node = node;
  }

  #item(e: Evaluation): Item {
    const { name } = this.#node;
    const { scene } = e;
    // Asked about itself a node means its input.
    const items = name === scene.node.name ? scene.items : itemsOf(e, name, undefined, undefined);
    const item = items[e.itemIndex];
    if (item === undefined)
      throw stop('EXPRESSION_NO_ITEM', { text: `No data found for item-index: "${e.itemIndex}"` });
    return item;
  }

  read(e: Evaluation, key: string): unknown {
    const { name } = this.#node;
    switch (key) {
      case 'json':
      case 'data':
        return this.#item(e).json;
      case 'binary':
        return this.#item(e).binary ?? newRecord();
      case 'context':
        return memoryOf(e, name);
      case 'parameter':
        return parametersOf(e, this.#node);
      case 'runIndex':
        return (e.scene.runData.get(name)?.length ?? 0) - 1;
      default:
        return undefined;
    }
  }

  call(_e: Evaluation, key: string): unknown {
    throw typeFault(`${key} is not a function`);
  }

  plain(): unknown {
    return newRecord();
  }
}

/** `$node`. */
export class LegacyNodes extends Handle {
  read(e: Evaluation, key: string): unknown {
    return new LegacyNode(nodeNamed(e, key));
  }
  call(_e: Evaluation, key: string): unknown {
    throw typeFault(`${key} is not a function`);
  }
  plain(): unknown {
    return newRecord();
  }
}

/** The current item; a missing one stops, as the node has then not been executed. */
export function currentItem(e: Evaluation): Item {
  const item = e.scene.items[e.itemIndex];
  if (item === undefined) throw notExecuted(e.scene.node.name);
  return item;
}

/** `$input`. */
export class InputReference extends Handle {
  read(e: Evaluation, key: string): unknown {
    const { scene } = e;
    switch (key) {
      case 'item':
        return shown(e, currentItem(e), false);
      case 'params': {
        const previous = scene.sources[scene.input]?.previousNode;
        const node = previous === undefined ? undefined : scene.workflow.node.get(previous);
        return node === undefined ? undefined : parametersOf(e, node);
      }
      case 'context':
        return memoryOf(e, scene.node.name);
      default:
        return undefined;
    }
  }

  call(e: Evaluation, key: string, args: unknown[]): unknown {
    if (!['first', 'last', 'all'].includes(key)) throw typeFault(`${key} is not a function`);
    if (args.length > 0) throw functionStop(`$input.${key}() should have no arguments`);
    const { items } = e.scene;
    if (key === 'all') {
      e.elements(items.length);
      return items.map((item) => shown(e, item, false));
    }
    const item = key === 'first' ? items[0] : items.at(-1);
    return item === undefined ? undefined : shown(e, item, false);
  }

  plain(): unknown {
    return newRecord();
  }
}
