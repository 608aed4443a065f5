import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression } from 'acorn';
import { namesOf } from './compile-patterns.ts';
import { declareHoisted, declareLexical } from './hoisting.ts';
import { stop } from './errors.ts';
import type { Code, Evaluation, Frame } from './evaluation.ts';
import { newFrame, RETURN, Scope, type Binder, type Compiler } from './scope.ts';
import { GuestFunction } from './values.ts';

/** Functions of the guest: arrow functions, function expressions and declarations. No `this`, no `arguments`. */

interface Shape {
  readonly size: number;
  readonly bind: Binder[];
  readonly rest: boolean;
  readonly selfSlot: number;
  readonly body: Code;
  readonly text: string;
}

class Closure extends GuestFunction {
  readonly #shape: Shape;
  readonly #outer: Frame;

  constructor(shape: Shape, outer: Frame) {
    super();
    this.#shape = shape;
    this.#outer = outer;
  }

  get text(): string {
    return this.#shape.text;
  }

  invoke(e: Evaluation, args: unknown[]): unknown {
    const { size, bind, rest, selfSlot, body } = this.#shape;
    const frame = newFrame(this.#outer, size);
    if (selfSlot > 0) frame[selfSlot] = this;
    bind.forEach((binder, i) => {
      const last = rest && i === bind.length - 1;
      binder(e, frame, last ? args.slice(i) : args[i]);
    });
    return body(e, frame);
  }
}

type FunctionNode = ArrowFunctionExpression | FunctionExpression | FunctionDeclaration;

/** Compiles a function; the code makes a closure over the current frame. */
export function compileFunction(node: FunctionNode, outerScope: Scope, compiler: Compiler, source: string): Code {
  if (node.async) throw stop('EXPRESSION_UNSUPPORTED', { construct: 'an async function' });
  if (node.generator) throw stop('EXPRESSION_UNSUPPORTED', { construct: 'a generator' });
  const scope = new Scope(outerScope);
  const self = node.type === 'FunctionExpression' ? node.id?.name : undefined;
  if (self !== undefined) scope.declare(self, false);
  for (const parameter of node.params) for (const name of namesOf(parameter)) scope.declare(name, false);
  if (node.body.type === 'BlockStatement') {
    declareHoisted(node.body.body, scope);
    declareLexical(node.body.body, scope);
  }
  const bind = node.params.map((parameter) => compiler.pattern(parameter, scope, true));
  const body = compileBody(node, scope, compiler);
  const shape: Shape = {
    // Read after the body was compiled: it may have declared more names.
    size: scope.size,
    bind,
    rest: node.params.at(-1)?.type === 'RestElement',
    selfSlot: self === undefined ? 0 : (scope.find(self)?.slot ?? 0),
    body,
    text: source,
  };
  return (e, frame) => {
    e.spend(1);
    return new Closure(shape, frame);
  };
}

function compileBody(node: FunctionNode, scope: Scope, compiler: Compiler): Code {
  if (node.body.type !== 'BlockStatement') return compiler.expression(node.body, scope);
  const statements = node.body.body.toSorted(functionsFirst).map((statement) => compiler.statement(statement, scope));
  return (e, frame) => {
    for (const statement of statements) {
      if (statement(e, frame) === RETURN) {
        const value = e.returned;
        e.returned = undefined;
        return value;
      }
    }
    return undefined;
  };
}

/** Function declarations can be called before their line. */
export function functionsFirst(a: { type: string }, b: { type: string }): number {
  return Number(b.type === 'FunctionDeclaration') - Number(a.type === 'FunctionDeclaration');
}
