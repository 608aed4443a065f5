import type {
  DoWhileStatement,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  VariableDeclaration,
  WhileStatement,
} from 'acorn';
import { stop } from './errors.ts';
import type { Evaluation, Frame } from './evaluation.ts';
import { declareVariables } from './hoisting.ts';
import { elementsOf } from './operators.ts';
import { BREAK, newFrame, NORMAL, RETURN, Scope, type Binder, type Compiler, type StatementCode } from './scope.ts';
import { kindOf } from './values.ts';

/** Loops. Every round costs fuel. */

export function compileWhile(
  node: WhileStatement | DoWhileStatement,
  scope: Scope,
  compiler: Compiler,
  bodyFirst: boolean,
): StatementCode {
  const test = compiler.expression(node.test, scope);
  const body = compiler.statement(node.body, scope);
  return (e, frame) => {
    for (let first = bodyFirst; first || test(e, frame); first = false) {
      e.spend(1);
      const end = body(e, frame);
      if (end === BREAK) break;
      if (end === RETURN) return RETURN;
    }
    return NORMAL;
  };
}

export function compileFor(node: ForStatement, scope: Scope, compiler: Compiler): StatementCode {
  const inner = new Scope(scope);
  const { init } = node;
  if (init?.type === 'VariableDeclaration' && init.kind !== 'var') declareVariables(init, inner);
  const start =
    init === null || init === undefined
      ? undefined
      : init.type === 'VariableDeclaration'
        ? compiler.statement(init, inner)
        : compiler.expression(init, inner);
  const test = node.test ? compiler.expression(node.test, inner) : undefined;
  const update = node.update ? compiler.expression(node.update, inner) : undefined;
  const body = compiler.statement(node.body, inner);
  return (e, frame) => {
    let own = newFrame(frame, inner.size);
    start?.(e, own);
    while (test === undefined || test(e, own)) {
      e.spend(1);
      const end = body(e, own);
      if (end === BREAK) break;
      if (end === RETURN) return RETURN;
      // A frame per round, so that a closure made in the body keeps its own loop variable.
      own = [...own];
      update?.(e, own);
    }
    return NORMAL;
  };
}

function loopTarget(left: ForOfStatement['left'], inner: Scope, compiler: Compiler): Binder {
  if (left.type !== 'VariableDeclaration') return compiler.pattern(left, inner, false);
  const declaration: VariableDeclaration = left;
  if (declaration.kind !== 'var') declareVariables(declaration, inner);
  const [first] = declaration.declarations;
  if (first === undefined) throw stop('EXPRESSION_UNSUPPORTED', { construct: 'a loop without variable' });
  return compiler.pattern(first.id, inner, true);
}

export function compileForEach(node: ForOfStatement | ForInStatement, scope: Scope, compiler: Compiler): StatementCode {
  if (node.type === 'ForOfStatement' && node.await) throw stop('EXPRESSION_UNSUPPORTED', { construct: 'for await' });
  const inner = new Scope(scope);
  const bind = loopTarget(node.left, inner, compiler);
  const source = compiler.expression(node.right, scope);
  const body = compiler.statement(node.body, inner);
  const walk = node.type === 'ForOfStatement' ? elementsOf : keysOf;
  return (e: Evaluation, frame: Frame) => {
    for (const value of walk(e, source(e, frame))) {
      e.spend(1);
      const own = newFrame(frame, inner.size);
      bind(e, own, value);
      const end = body(e, own);
      if (end === BREAK) break;
      if (end === RETURN) return RETURN;
    }
    return NORMAL;
  };
}

/** Own keys of data, for `for…in`. */
function keysOf(e: Evaluation, value: unknown): readonly unknown[] {
  const seen = e.look(value);
  const kind = kindOf(seen);
  if (kind !== 'object' && kind !== 'array') return [];
  const keys = Object.keys(seen as object);
  e.elements(keys.length);
  return keys;
}
