import type {
  AssignmentExpression,
  BinaryOperator,
  Expression,
  Identifier,
  LogicalExpression,
  Pattern,
  UnaryExpression,
  UpdateExpression,
} from 'acorn';
import { compileArray, compileLiteral, compileObject, compileTemplate } from './compile-literals.ts';
import { compileCall, compileMember, compileNew, CUT, keyText, memberKey, refuseSuper } from './compile-members.ts';
import { isDeniedVariable } from './denied.ts';
import { stop } from './errors.ts';
import type { Code, Evaluation, Frame } from './evaluation.ts';
import { GLOBALS } from './globals.ts';
import { deleteMember, readMember, writeMember } from './members.ts';
import { BINARY, step, UNARY } from './operators.ts';
import { outer, type Compiler, type Scope } from './scope.ts';
import { numberOf } from './values.ts';

/** Expressions. A node type that is not in the table cannot be compiled; the table's type makes it complete. */

type Of<K extends Expression['type']> = Extract<Expression, { type: K }>;
type Table = { [K in Expression['type']]: (node: Of<K>, scope: Scope, compiler: Compiler) => Code };

function refuse(construct: string): () => never {
  return () => {
    throw stop('EXPRESSION_UNSUPPORTED', { construct });
  };
}

function compileIdentifier(node: Identifier, scope: Scope): Code {
  const { name } = node;
  if (isDeniedVariable(name)) throw stop('EXPRESSION_DENIED', { name });
  const place = scope.find(name);
  if (place === undefined) return GLOBALS.get(name) ?? extraName(name);
  const { hops, slot } = place;
  if (hops === 0) return (_e, frame) => frame[slot];
  return (_e, frame) => outer(frame, hops)[slot];
}

/** A name that the scene may add, such as `$tool`; any other is undefined. */
function extraName(name: string): Code {
  return ({ scene: { extra } }) => (extra !== undefined && Object.hasOwn(extra, name) ? extra[name] : undefined);
}

function compileLogical(node: LogicalExpression, scope: Scope, compiler: Compiler): Code {
  const left = compiler.expression(node.left, scope);
  const right = compiler.expression(node.right, scope);
  switch (node.operator) {
    case '&&':
      return (e, frame) => left(e, frame) && right(e, frame);
    case '||':
      return (e, frame) => left(e, frame) || right(e, frame);
    case '??':
      return (e, frame) => left(e, frame) ?? right(e, frame);
  }
}

function compileUnary(node: UnaryExpression, scope: Scope, compiler: Compiler): Code {
  const { operator, argument } = node;
  if (operator !== 'delete') {
    const apply = UNARY[operator];
    const code = compiler.expression(argument, scope);
    return (e, frame) => apply(e, code(e, frame));
  }
  if (argument.type !== 'MemberExpression') return () => true;
  const object = compiler.expression(refuseSuper(argument.object), scope);
  const key = memberKey(argument, scope, compiler);
  return (e, frame) => {
    const target = object(e, frame);
    return deleteMember(e, target, keyText(key, e, frame));
  };
}

/** What an update or compound assignment does with the value it finds; `write` absent = leave it. */
type Change = (e: Evaluation, frame: Frame, before: unknown) => { write?: unknown; result: unknown };

/** Code that reads a variable or member, changes it and gives a result; the target's parts are evaluated once. */
function modify(target: Pattern | Expression, scope: Scope, compiler: Compiler, change: Change): Code {
  if (target.type === 'MemberExpression') {
    const object = compiler.expression(refuseSuper(target.object), scope);
    const key = memberKey(target, scope, compiler);
    return (e, frame) => {
      const owner = object(e, frame);
      const name = keyText(key, e, frame);
      const done = change(e, frame, readMember(e, owner, name));
      if ('write' in done) writeMember(e, owner, name, done.write);
      return done.result;
    };
  }
  if (target.type !== 'Identifier') throw stop('EXPRESSION_SYNTAX', { reason: 'Invalid assignment target' });
  const read = compileIdentifier(target, scope);
  const bind = compiler.pattern(target, scope, false);
  return (e, frame) => {
    const done = change(e, frame, read(e, frame));
    if ('write' in done) bind(e, frame, done.write);
    return done.result;
  };
}

function compileUpdate(node: UpdateExpression, scope: Scope, compiler: Compiler): Code {
  const by = node.operator === '++' ? 1 : -1;
  const { prefix } = node;
  return modify(node.argument, scope, compiler, (e, _frame, before) => {
    const old = typeof before === 'bigint' ? before : numberOf(e, before);
    const write = step(e, old, by);
    return { write, result: prefix ? write : old };
  });
}

const LOGICAL_ASSIGNMENT: Readonly<Record<string, (before: unknown) => boolean>> = {
  '||=': (before) => !before,
  '&&=': (before) => Boolean(before),
  '??=': (before) => before === null || before === undefined,
};

function compileAssignment(node: AssignmentExpression, scope: Scope, compiler: Compiler): Code {
  const right = compiler.expression(node.right, scope);
  if (node.operator === '=') {
    const bind = compiler.pattern(node.left, scope, false);
    return (e, frame) => {
      const value = right(e, frame);
      bind(e, frame, value);
      return value;
    };
  }
  const writes = LOGICAL_ASSIGNMENT[node.operator];
  if (writes !== undefined) {
    return modify(node.left, scope, compiler, (e, frame, before) => {
      if (!writes(before)) return { result: before };
      const write = right(e, frame);
      return { write, result: write };
    });
  }
  // What remains is a binary operator followed by "=".
  const apply = BINARY[node.operator.slice(0, -1) as BinaryOperator];
  return modify(node.left, scope, compiler, (e, frame, before) => {
    const write = apply(e, before, right(e, frame));
    return { write, result: write };
  });
}

/** Every expression type of ESTree: compiled here or refused by name. */
export const EXPRESSIONS: Table = {
  Identifier: compileIdentifier,
  Literal: compileLiteral,
  ThisExpression: () => () => ({ process: {}, require: {}, module: {}, Buffer: {} }),
  ArrayExpression: compileArray,
  ObjectExpression: compileObject,
  FunctionExpression: (node, scope, compiler) => compiler.closure(node, scope),
  ArrowFunctionExpression: (node, scope, compiler) => compiler.closure(node, scope),
  UnaryExpression: compileUnary,
  UpdateExpression: compileUpdate,
  BinaryExpression: (node, scope, compiler) => {
    if (node.left.type === 'PrivateIdentifier') throw stop('EXPRESSION_UNSUPPORTED', { construct: 'a private name' });
    const apply = BINARY[node.operator];
    const left = compiler.expression(node.left, scope);
    const right = compiler.expression(node.right, scope);
    return (e, frame) => apply(e, left(e, frame), right(e, frame));
  },
  AssignmentExpression: compileAssignment,
  LogicalExpression: compileLogical,
  MemberExpression: compileMember,
  ConditionalExpression: (node, scope, compiler) => {
    const test = compiler.expression(node.test, scope);
    const yes = compiler.expression(node.consequent, scope);
    const no = compiler.expression(node.alternate, scope);
    return (e, frame) => (test(e, frame) ? yes(e, frame) : no(e, frame));
  },
  CallExpression: compileCall,
  NewExpression: compileNew,
  SequenceExpression: (node, scope, compiler) => {
    const codes = node.expressions.map((part) => compiler.expression(part, scope));
    return (e, frame) => {
      let last: unknown;
      for (const code of codes) last = code(e, frame);
      return last;
    };
  },
  YieldExpression: refuse('yield'),
  TemplateLiteral: compileTemplate,
  TaggedTemplateExpression: refuse('a tagged template'),
  // n8n answers a class with "invalid syntax".
  ClassExpression: () => {
    throw stop('EXPRESSION_SYNTAX', { reason: 'A class is not supported in expressions' });
  },
  MetaProperty: refuse('new.target'),
  AwaitExpression: refuse('await'),
  ChainExpression: (node, scope, compiler) => {
    const code = compiler.expression(node.expression, scope);
    return (e, frame) => {
      const value = code(e, frame);
      return value === CUT ? undefined : value;
    };
  },
  ImportExpression: refuse('import()'),
  ParenthesizedExpression: (node, scope, compiler) => compiler.expression(node.expression, scope),
};
