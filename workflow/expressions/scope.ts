import type {
  ArrowFunctionExpression,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  Node,
  Pattern,
  Statement,
} from 'acorn';
import type { Code, Evaluation, Frame } from './evaluation.ts';

/** Where a variable lies: how many frames out, and which slot. */
export interface Place {
  readonly hops: number;
  readonly slot: number;
  readonly constant: boolean;
}

/** Names of one block or function at compile time; its frame at run time is an array whose slot 0 is the outer frame. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly #names = new Map<string, { slot: number; constant: boolean }>();

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }

  /** Slots of a frame of this scope, slot 0 included. */
  get size(): number {
    return this.#names.size + 1;
  }

  declare(name: string, constant: boolean): void {
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, { slot: this.size, constant });
  }

  find(name: string): Place | undefined {
    const found = this.#names.get(name);
    if (found !== undefined) return { hops: 0, ...found };
    const above = this.parent?.find(name);
    return above === undefined ? undefined : { ...above, hops: above.hops + 1 };
  }
}

/** How a statement ended. The value of a return is in `evaluation.returned`. */
export const NORMAL = 0;
export const BREAK = 1;
export const CONTINUE = 2;
export const RETURN = 3;
export type Completion = typeof NORMAL | typeof BREAK | typeof CONTINUE | typeof RETURN;

export type StatementCode = (e: Evaluation, frame: Frame) => Completion;
/** Takes a value apart into variables or members. */
export type Binder = (e: Evaluation, frame: Frame, value: unknown) => void;

/** What the parts of the compiler need of each other. */
export interface Compiler {
  expression(node: Expression, scope: Scope): Code;
  statement(node: Statement, scope: Scope): StatementCode;
  /** `declares`: the names were declared by a declaration, so constants may be set. */
  pattern(node: Pattern, scope: Scope, declares: boolean): Binder;
  /** A function; the code makes a closure over the current frame. */
  closure(node: ArrowFunctionExpression | FunctionExpression | FunctionDeclaration, scope: Scope): Code;
  /** Position of a syntax node in the whole parameter text. */
  position(node: Node): number;
}

/** The frame `hops` out. */
export function outer(frame: Frame, hops: number): Frame {
  let at = frame;
  // Slot 0 of every frame is its outer frame; only this file and the functions that make frames write it.
  for (let i = hops; i > 0; i--) at = at[0] as Frame;
  return at;
}

export function newFrame(parent: Frame, size: number): Frame {
  const frame: Frame = [];
  frame.length = size;
  frame[0] = parent;
  return frame;
}
