import type { ConnectionTarget } from './definition.ts';
import { startUnrunAncestors } from './order-v0.ts';
import type { Ended, RunState, StackEntry } from './run-state.ts';
import { factsIn } from './run-state.ts';
import type { Item, Ports, Source } from './items.ts';
import type { Delivery } from './waiting-inputs.ts';
import { WaitingLine } from './waiting-inputs.ts';

interface Arrival {
  readonly target: ConnectionTarget;
  readonly items: readonly Item[];
  readonly source: Source;
}

function isV1(state: RunState): boolean {
  return state.workflow.settings.executionOrder === 'v1';
}

/** What goes out of an ended run, output by output, in the author's order. */
function arrivalsOf(state: RunState, ended: Ended): Arrival[] {
  const arrivals: Arrival[] = [];
  state.graph.targets(ended.node).forEach((targets, output) => {
    const items = ended.outputs[output];
    if (items === null || items === undefined) return;
    for (const target of targets) {
      // v0 tells the second and later inputs of a node of an empty result, too; else nothing hangs on to nothing.
      if (items.length === 0 && (isV1(state) || target.input === 0)) continue;
      if (state.reachable !== undefined && !state.reachable.has(target.node)) continue;
      const source = { previousNode: ended.node, previousNodeOutput: output, previousNodeRun: ended.run };
      arrivals.push({ target, items, source });
    }
  });
  return arrivals;
}

/** v1: each arrival goes to the front, so the one to run first comes last: bottom to top, right to left. */
function byCanvasReversed(state: RunState): (a: Arrival, b: Arrival) => number {
  const position = (arrival: Arrival) => state.workflow.node.get(arrival.target.node)?.position ?? [0, 0];
  return (a, b) => {
    const [ax, ay] = position(a);
    const [bx, by] = position(b);
    return by - ay || bx - ax;
  };
}

function enqueue(state: RunState, node: string, delivery: Delivery): void {
  const entry: StackEntry = { node, inputs: delivery.inputs, sources: delivery.sources };
  if (isV1(state)) state.stack.pushFront(entry);
  else state.stack.pushBack(entry);
}

function arrive(state: RunState, ended: Ended, arrival: Arrival): void {
  const { target, items, source } = arrival;
  const width = state.graph.inputsConnected(target.node);
  if (width <= 1) {
    enqueue(state, target.node, { inputs: [items], sources: [source] });
    return;
  }
  const known = state.waitingInputs.get(target.node);
  const line = known ?? new WaitingLine(width);
  if (known === undefined) state.waitingInputs.set(target.node, line);
  const complete = line.arrive(target.input, items, source);
  if (line.length === 0) state.waitingInputs.delete(target.node);
  if (complete !== undefined) enqueue(state, target.node, complete);
  else if (known === undefined && !isV1(state)) startUnrunAncestors(state, ended, target.node);
}

/**
 * Hands the outputs of an ended run on: v1 puts the targets of all non-empty outputs to the front of the stack, topmost
 * then leftmost first (equal positions in reverse order of connection), so that one branch runs to its end before the
 * next; v0 appends them in order of connection. One entry per arrival; nodes with several connected inputs wait.
 */
export function handOn(state: RunState, ended: Ended): void {
  if (ended.node === state.started?.destination) return;
  const arrivals = arrivalsOf(state, ended);
  if (isV1(state) && arrivals.length > 1) arrivals.sort(byCanvasReversed(state));
  for (const arrival of arrivals) arrive(state, ended, arrival);
}

function ancestorWaits(state: RunState, node: string): boolean {
  const ancestors = state.graph.ancestors(node);
  for (const other of state.waitingInputs.keys()) {
    if (other !== node && ancestors.has(other)) return true;
  }
  return false;
}

/** Whether a node may run on what has arrived. Only v1 asks the type what it requires. */
function mayRun(state: RunState, node: string, inputs: Ports): boolean {
  const required = isV1(state) ? (factsIn(state, node)?.requiredInputs ?? 'any') : 'any';
  if (required === 'any') return true;
  if (required === 'all') return inputs.every((items) => items !== null);
  return required.every((input) => inputs[input] !== null && inputs[input] !== undefined);
}

/** `[]` for what never came, for every input the type has. */
function filled(state: RunState, node: string, delivery: Delivery): StackEntry {
  const inputs = delivery.inputs.map((items) => items ?? []);
  const wanted = factsIn(state, node)?.inputs ?? 0;
  while (inputs.length < wanted) inputs.push([]);
  return { node, inputs, sources: delivery.sources };
}

/**
 * When the stack is empty: the first node (in order of first arrival) that may run without its missing inputs. A node
 * waits on while an ancestor of it waits too. Entries without any item are dropped.
 */
export function releaseWaiting(state: RunState): StackEntry | undefined {
  for (const [node, line] of state.waitingInputs) {
    if (ancestorWaits(state, node)) continue;
    for (let head = line.head(); head !== undefined && mayRun(state, node, head.inputs); head = line.head()) {
      line.leave();
      if (line.length === 0) state.waitingInputs.delete(node);
      if (head.inputs.some((items) => items !== null && items.length > 0)) return filled(state, node, head);
    }
    // A line that became empty frees those who waited for it, who may stand before it.
    if (line.length === 0) return releaseWaiting(state);
  }
  return undefined;
}
