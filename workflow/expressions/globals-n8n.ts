import { DateTime } from 'luxon';
import { stop, typeFault } from './errors.ts';
import type { Code, Evaluation } from './evaluation.ts';
import {
  currentItem,
  InputReference,
  itemsOf,
  LegacyNodes,
  nodeNamed,
  NodeReference,
  parametersOf,
} from './references.ts';
import { TableFunction } from './tables/table.ts';
import { Handle, integerOf, newRecord, textOf } from './values.ts';

/** n8n's names that depend on the run: items, nodes, times, the workflow, the execution. */

const DEFAULT_EXECUTION = { resumeUrl: '', resumeFormUrl: '' };

/** `$env`: nothing of the process's environment is ever shown. */
class Environment extends Handle {
  read(_e: Evaluation, key: string): never {
    throw stop('EXPRESSION_ENV_DENIED', { name: key });
  }
  call(_e: Evaluation, key: string): never {
    throw stop('EXPRESSION_ENV_DENIED', { name: key });
  }
  plain(): unknown {
    return newRecord();
  }
}

function today(e: Evaluation): DateTime {
  return DateTime.fromMillis(e.scene.now, { zone: e.scene.zone }).startOf('day');
}

function execution(e: Evaluation): unknown {
  const { executionId, mode, resumeUrl, resumeFormUrl } = e.scene;
  return {
    id: executionId,
    mode: mode === 'manual' ? 'test' : 'production',
    resumeUrl: resumeUrl ?? DEFAULT_EXECUTION.resumeUrl,
    resumeFormUrl: resumeFormUrl ?? DEFAULT_EXECUTION.resumeFormUrl,
    customData: {},
  };
}

function previousNode(e: Evaluation): unknown {
  const source = e.scene.sources[e.scene.input];
  if (source === null || source === undefined) return newRecord();
  return {
    name: source.previousNode,
    outputIndex: source.previousNodeOutput ?? 0,
    runIndex: source.previousNodeRun ?? 0,
  };
}

function items(e: Evaluation, args: unknown[]): unknown {
  if (args.length === 0 || args[0] === undefined) {
    const own = e.scene.node.executeOnce ? e.scene.items.slice(0, 1) : e.scene.items;
    e.elements(own.length);
    return [...own];
  }
  const name = textOf(e, args[0]);
  nodeNamed(e, name);
  const found = itemsOf(e, name, args[1] ?? 0, args[2]);
  e.elements(found.length);
  return [...found];
}

/** A handle as another item sees it. */
class Bound extends Handle {
  readonly #handle: Handle;
  readonly #index: number;
  constructor(handle: Handle, index: number) {
    super();
    this.#handle = handle;
    this.#index = index;
  }
  read(e: Evaluation, key: string): unknown {
    return bound(this.#handle.read(e.forItem(this.#index), key), this.#index);
  }
  call(e: Evaluation, key: string, args: unknown[]): unknown {
    return bound(this.#handle.call(e.forItem(this.#index), key, args), this.#index);
  }
  plain(e: Evaluation): unknown {
    return this.#handle.plain(e.forItem(this.#index));
  }
}

function bound(value: unknown, index: number): unknown {
  return value instanceof Handle ? new Bound(value, index) : value;
}

/** `$item(1)`: the run's names as another item sees them. */
class OtherItem extends Handle {
  readonly #index: number;
  constructor(index: number) {
    super();
    this.#index = index;
  }
  read(e: Evaluation, key: string): unknown {
    e.spend(1);
    return bound(N8N_NAMES.get(key)?.(e.forItem(this.#index), []), this.#index);
  }
  call(_e: Evaluation, key: string): unknown {
    throw typeFault(`${key} is not a function`);
  }
  plain(): unknown {
    return newRecord();
  }
}

const constant =
  (value: unknown): Code =>
  () =>
    value;
const fn = (name: string, run: (e: Evaluation, args: unknown[]) => unknown): Code =>
  constant(new TableFunction(name, run));

const itemIndex: Code = (e) => e.itemIndex;
const json: Code = (e) => currentItem(e).json;

export const N8N_NAMES: ReadonlyMap<string, Code> = new Map<string, Code>([
  ['$', fn('$', (e, args) => new NodeReference(nodeNamed(e, textOf(e, args[0])), args[1] === true))],
  ['$json', json],
  ['$data', (e) => e.scene.items[e.itemIndex]?.json],
  ['$binary', (e) => currentItem(e).binary ?? newRecord()],
  ['$input', constant(new InputReference())],
  ['$node', constant(new LegacyNodes())],
  ['$items', fn('$items', items)],
  ['$item', fn('$item', (e, args) => new OtherItem(integerOf(e, args[0])))],
  ['$itemIndex', itemIndex],
  ['$position', itemIndex],
  ['$thisItemIndex', itemIndex],
  ['$thisItem', (e) => currentItem(e)],
  ['$runIndex', (e) => e.scene.run],
  ['$thisRunIndex', (e) => e.scene.run],
  ['$now', (e) => DateTime.fromMillis(e.scene.now, { zone: e.scene.zone })],
  ['$today', today],
  ['$workflow', (e) => ({ id: e.scene.workflow.id, name: e.scene.workflow.name, active: e.scene.active ?? false })],
  ['$execution', execution],
  ['$executionId', (e) => e.scene.executionId],
  ['$resumeWebhookUrl', (e) => e.scene.resumeUrl],
  ['$prevNode', previousNode],
  ['$parameter', (e) => parametersOf(e, e.scene.node)],
  ['$rawParameter', (e) => e.scene.node.parameters],
  ['$mode', (e) => e.scene.mode],
  ['$nodeId', (e) => e.scene.node.id],
  ['$nodeVersion', (e) => e.scene.node.typeVersion],
  ['$webhookId', (e) => e.scene.node.webhookId],
  ['$vars', (e) => e.scene.vars ?? newRecord()],
  ['$env', constant(new Environment())],
  ['$secrets', () => newRecord()],
  ['$self', (e) => e.scene.memoryOf?.(e.scene.node.name) ?? newRecord()],
]);
