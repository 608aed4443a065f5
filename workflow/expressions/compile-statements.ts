import type { BlockStatement, SwitchStatement, Statement, TryStatement, VariableDeclaration } from 'acorn';
import { functionsFirst } from './closures.ts';
import { namesOf } from './compile-patterns.ts';
import { Fault, Stop, stop } from './errors.ts';
import type { Evaluation, Frame } from './evaluation.ts';
import { declareLexical, hasLexical } from './hoisting.ts';
import { compileFor, compileForEach, compileWhile } from './compile-loops.ts';
import { strictEqual } from './operators.ts';
import { BREAK, CONTINUE, newFrame, NORMAL, RETURN, Scope, type Compiler, type StatementCode } from './scope.ts';
import { GuestError, textOf } from './values.ts';

/** Statements inside functions. */

type Of<K extends Statement['type']> = Extract<Statement, { type: K }>;
type Table = { [K in Statement['type']]: (node: Of<K>, scope: Scope, compiler: Compiler) => StatementCode };

function refuse(construct: string): () => never {
  return () => {
    throw stop('EXPRESSION_UNSUPPORTED', { construct });
  };
}

/** Runs a list in order until one does not end normally. */
export function sequence(statements: readonly StatementCode[]): StatementCode {
  return (e, frame) => {
    for (const statement of statements) {
      const end = statement(e, frame);
      if (end !== NORMAL) return end;
    }
    return NORMAL;
  };
}

function compileBlock(node: BlockStatement, scope: Scope, compiler: Compiler): StatementCode {
  const own = hasLexical(node.body);
  const inner = own ? new Scope(scope) : scope;
  if (own) declareLexical(node.body, inner);
  const run = sequence(node.body.toSorted(functionsFirst).map((statement) => compiler.statement(statement, inner)));
  return own ? (e, frame) => run(e, newFrame(frame, inner.size)) : run;
}

export function compileVariables(node: VariableDeclaration, scope: Scope, compiler: Compiler): StatementCode {
  if (node.kind === 'using' || node.kind === 'await using')
    throw stop('EXPRESSION_UNSUPPORTED', { construct: 'using' });
  const parts = node.declarations.map(({ id, init }) => ({
    bind: compiler.pattern(id, scope, true),
    init: init === null || init === undefined ? undefined : compiler.expression(init, scope),
  }));
  const keeps = node.kind === 'var';
  return (e, frame) => {
    for (const { bind, init } of parts) if (init !== undefined || !keeps) bind(e, frame, init?.(e, frame));
    return NORMAL;
  };
}

/** What a `catch` gets: the thrown value, or an error object for what the engine raised. */
function caught(e: Evaluation, error: unknown): unknown {
  if (error instanceof Fault) return error.kind === 'throw' ? error.thrown : new GuestError(error.kind, error.message);
  if (error instanceof Stop && error.catchable) return new GuestError('ExpressionError', error.message);
  // Host errors of built-in methods are recognized by the evaluation's own rule.
  if (
    error instanceof TypeError ||
    (error instanceof RangeError && !isOverflow(error)) ||
    error instanceof SyntaxError
  ) {
    return new GuestError(error.name, textOf(e, error.message));
  }
  throw error;
}

/** The host's stack overflow, which no guest may catch. */
export function isOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

function compileTry(node: TryStatement, scope: Scope, compiler: Compiler): StatementCode {
  const block = compiler.statement(node.block, scope);
  const finalizer = node.finalizer ? compiler.statement(node.finalizer, scope) : undefined;
  const handler = node.handler ? compileCatch(node.handler, scope, compiler) : undefined;
  const guarded: StatementCode = (e, frame) => {
    if (handler === undefined) return block(e, frame);
    const { depth } = e.budget;
    try {
      return block(e, frame);
    } catch (error) {
      const value = caught(e, error);
      e.budget.depth = depth;
      return handler(e, frame, value);
    }
  };
  if (finalizer === undefined) return guarded;
  return (e, frame) => {
    let end: ReturnType<StatementCode>;
    const { depth } = e.budget;
    try {
      end = guarded(e, frame);
    } catch (error) {
      caught(e, error);
      e.budget.depth = depth;
      const over = finalizer(e, frame);
      if (over !== NORMAL) return over;
      throw error;
    }
    const value = e.returned;
    const over = finalizer(e, frame);
    if (over !== NORMAL) return over;
    e.returned = value;
    return end;
  };
}

function compileCatch(node: NonNullable<TryStatement['handler']>, scope: Scope, compiler: Compiler) {
  const inner = new Scope(scope);
  const { param } = node;
  if (param) for (const name of namesOf(param)) inner.declare(name, false);
  const bind = param ? compiler.pattern(param, inner, true) : undefined;
  const body = compiler.statement(node.body, inner);
  return (e: Evaluation, frame: Frame, value: unknown) => {
    const own = newFrame(frame, inner.size);
    bind?.(e, own, value);
    return body(e, own);
  };
}

function compileSwitch(node: SwitchStatement, scope: Scope, compiler: Compiler): StatementCode {
  const inner = new Scope(scope);
  for (const one of node.cases) declareLexical(one.consequent, inner);
  const subject = compiler.expression(node.discriminant, scope);
  const tests = node.cases.map(({ test }) => (test ? compiler.expression(test, inner) : undefined));
  const bodies = node.cases.map(({ consequent }) =>
    sequence(consequent.map((part) => compiler.statement(part, inner))),
  );
  return (e, frame) => {
    const value = subject(e, frame);
    const own = newFrame(frame, inner.size);
    let start = tests.findIndex((test) => test !== undefined && strictEqual(e, value, test(e, own)));
    if (start < 0) start = tests.indexOf(undefined);
    if (start < 0) return NORMAL;
    for (const body of bodies.slice(start)) {
      const end = body(e, own);
      if (end === BREAK) return NORMAL;
      if (end !== NORMAL) return end;
    }
    return NORMAL;
  };
}

function unlabelled(node: { label?: unknown }, end: typeof BREAK | typeof CONTINUE): StatementCode {
  if (node.label !== null && node.label !== undefined) throw stop('EXPRESSION_UNSUPPORTED', { construct: 'a label' });
  return () => end;
}

/** Every statement type of ESTree: compiled here or refused by name. */
export const STATEMENTS: Table = {
  ExpressionStatement: (node, scope, compiler) => {
    const code = compiler.expression(node.expression, scope);
    return (e, frame) => {
      code(e, frame);
      return NORMAL;
    };
  },
  BlockStatement: compileBlock,
  EmptyStatement: () => () => NORMAL,
  DebuggerStatement: refuse('debugger'),
  WithStatement: refuse('with'),
  ReturnStatement: (node, scope, compiler) => {
    const code = node.argument ? compiler.expression(node.argument, scope) : undefined;
    return (e, frame) => {
      e.returned = code?.(e, frame);
      return RETURN;
    };
  },
  LabeledStatement: refuse('a label'),
  BreakStatement: (node) => unlabelled(node, BREAK),
  ContinueStatement: (node) => unlabelled(node, CONTINUE),
  IfStatement: (node, scope, compiler) => {
    const test = compiler.expression(node.test, scope);
    const yes = compiler.statement(node.consequent, scope);
    const no = node.alternate ? compiler.statement(node.alternate, scope) : undefined;
    return (e, frame) => (test(e, frame) ? yes(e, frame) : no === undefined ? NORMAL : no(e, frame));
  },
  SwitchStatement: compileSwitch,
  ThrowStatement: (node, scope, compiler) => {
    const code = compiler.expression(node.argument, scope);
    return (e, frame) => {
      const value = code(e, frame);
      throw new Fault('throw', textOf(e, value), value);
    };
  },
  TryStatement: compileTry,
  WhileStatement: (node, scope, compiler) => compileWhile(node, scope, compiler, false),
  DoWhileStatement: (node, scope, compiler) => compileWhile(node, scope, compiler, true),
  ForStatement: compileFor,
  ForInStatement: compileForEach,
  ForOfStatement: compileForEach,
  FunctionDeclaration: (node, scope, compiler) => {
    const make = compiler.closure(node, scope);
    const bind = compiler.pattern(node.id, scope, true);
    return (e, frame) => {
      bind(e, frame, make(e, frame));
      return NORMAL;
    };
  },
  VariableDeclaration: compileVariables,
  ClassDeclaration: refuse('a class'),
};
