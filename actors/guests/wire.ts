import type { JsonObject, JsonValue } from '#workflow';
import { TICKETS_PER_MESSAGE } from './limits.ts';

/**
 * What the owner of an execution (O) and the member that performs one of its node runs (P) say to each other:
 *
 *   O ask  node.perform    Order                          -> {taken: true} | {refused: code, why}
 *   P told node.alive      {tickets}                      each second, while at it
 *   P told node.performed  {ticket, outcome | blob}       again and again, until it is answered
 *   P told node.left       {tickets, why}                 given back: it stops, or cannot perform it
 *   O told node.heard      {kept, done, unwanted}         the answer to alive and performed
 *   O told node.abort      {tickets}                      control lane
 *
 * A ticket stands for one giving of a node run to one member; words of another ticket or from another member do not
 * count. Everything may be lost, repeated and reordered.
 */
export const KINDS = {
  perform: 'node.perform',
  alive: 'node.alive',
  performed: 'node.performed',
  left: 'node.left',
  heard: 'node.heard',
  abort: 'node.abort',
} as const;

/** A node run to perform, as the journal of its execution has it up to `seq`. */
export interface Order {
  readonly ticket: string;
  readonly executionId: string;
  /** Name of the node. */
  readonly node: string;
  readonly run: number;
  readonly attempt: number;
  /** Seq of the newest event; it is the start of this attempt. */
  readonly seq: number;
  /** Epoch of the shard under which the sender performs the execution. */
  readonly epoch: number;
  /** Address of the sender for its callers, which expressions see. */
  readonly publicUrl: string;
}

/** Whether a member takes an order. */
export type Answer =
  | { readonly taken: true }
  | { readonly refused: 'busy' | 'stale' | 'invalid'; readonly why: string };

/** What the owner says to several tickets at once. */
export interface Heard {
  readonly kept: readonly string[];
  readonly done: readonly string[];
  readonly unwanted: readonly string[];
}

export function orderOf(body: JsonObject): Order | undefined {
  const { ticket, executionId, node, run, attempt, seq, epoch, publicUrl } = body;
  if (!isText(ticket) || !isText(executionId) || !isText(node) || !isText(publicUrl)) return undefined;
  if (!isCount(run) || !isCount(attempt) || !isCount(seq) || !isCount(epoch)) return undefined;
  return { ticket, executionId, node, run, attempt, seq, epoch, publicUrl };
}

/** Anything that is not an answer reads as a refusal. */
export function answerOf(value: JsonValue): Answer {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    if (value['taken'] === true) return { taken: true };
    const { refused, why } = value;
    if (refused === 'busy' || refused === 'stale') return { refused, why: isText(why) ? why : refused };
  }
  return { refused: 'invalid', why: 'an answer in a form not known here' };
}

export function heardOf(body: JsonObject): Heard {
  return { kept: ticketsOf(body['kept']), done: ticketsOf(body['done']), unwanted: ticketsOf(body['unwanted']) };
}

/** The texts of a list; what is over the limit or no text does not count. */
export function ticketsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.slice(0, TICKETS_PER_MESSAGE).filter(isText) : [];
}

/** Lists of a length that one message may have. */
export function portions(tickets: readonly string[]): string[][] {
  const lists: string[][] = [];
  for (let at = 0; at < tickets.length; at += TICKETS_PER_MESSAGE)
    lists.push(tickets.slice(at, at + TICKETS_PER_MESSAGE));
  return lists;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
