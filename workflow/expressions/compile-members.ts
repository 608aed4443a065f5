import type {
  CallExpression,
  Expression,
  MemberExpression,
  NewExpression,
  SpreadElement,
  Super,
  PrivateIdentifier,
} from 'acorn';
import { stop, typeFault } from './errors.ts';
import type { Code, Evaluation, Frame } from './evaluation.ts';
import { callMember, hasMethod, readMember } from './members.ts';
import { elementsOf } from './operators.ts';
import type { Compiler, Scope } from './scope.ts';
import { callFunction, GuestFunction, Handle, keyOf, typeOf } from './values.ts';

/** Members, calls and `new`. */

/** What an optional chain gives when it was cut short; never visible to the guest. */
export const CUT: unique symbol = Symbol('cut');

export function refuseSuper(node: Expression | Super): Expression {
  if (node.type === 'Super') throw stop('EXPRESSION_UNSUPPORTED', { construct: 'super' });
  return node;
}

/** The key of a member as code, or as text when it is known. */
export function memberKey(
  node: { property: Expression | PrivateIdentifier; computed: boolean },
  scope: Scope,
  compiler: Compiler,
): string | Code {
  const { property } = node;
  if (property.type === 'PrivateIdentifier') throw stop('EXPRESSION_UNSUPPORTED', { construct: 'a private name' });
  if (!node.computed && property.type === 'Identifier') return property.name;
  if (property.type === 'Literal' && (typeof property.value === 'string' || typeof property.value === 'number')) {
    return String(property.value);
  }
  const code = compiler.expression(property, scope);
  return (e, frame) => keyOf(e, code(e, frame));
}

/** Runs a key that memberKey gave. */
export function keyText(key: string | Code, e: Evaluation, frame: Frame): string {
  // memberKey's code ends in keyOf, which gives text.
  return typeof key === 'string' ? key : (key(e, frame) as string);
}

export function compileMember(node: MemberExpression, scope: Scope, compiler: Compiler): Code {
  const object = compiler.expression(refuseSuper(node.object), scope);
  const key = memberKey(node, scope, compiler);
  const at = compiler.position(node);
  const { optional } = node;
  if (typeof key === 'string') {
    return (e, frame) => {
      const value = object(e, frame);
      if (value === CUT || (optional && (value === null || value === undefined))) return CUT;
      e.at = at;
      return readMember(e, value, key);
    };
  }
  return (e, frame) => {
    const value = object(e, frame);
    if (value === CUT || (optional && (value === null || value === undefined))) return CUT;
    const text = keyText(key, e, frame);
    e.at = at;
    return readMember(e, value, text);
  };
}

/** The arguments of a call, spread included. */
function compileArguments(nodes: readonly (Expression | SpreadElement)[], scope: Scope, compiler: Compiler) {
  const spread = nodes.some((node) => node.type === 'SpreadElement');
  const codes = nodes.map((node) => compiler.expression(node.type === 'SpreadElement' ? node.argument : node, scope));
  if (!spread) {
    return (e: Evaluation, frame: Frame): unknown[] => {
      const args: unknown[] = [];
      for (const code of codes) args.push(code(e, frame));
      return args;
    };
  }
  return (e: Evaluation, frame: Frame): unknown[] => {
    const args: unknown[] = [];
    codes.forEach((code, i) => {
      const value = code(e, frame);
      if (nodes[i]?.type !== 'SpreadElement') return void args.push(value);
      const elements = elementsOf(e, value);
      e.elements(elements.length);
      for (const element of elements) args.push(element);
    });
    return args;
  };
}

function compileMethodCall(node: CallExpression, callee: MemberExpression, scope: Scope, compiler: Compiler): Code {
  const object = compiler.expression(refuseSuper(callee.object), scope);
  const key = memberKey(callee, scope, compiler);
  const args = compileArguments(node.arguments, scope, compiler);
  const at = compiler.position(callee.property);
  return (e, frame) => {
    const value = object(e, frame);
    if (value === CUT || (callee.optional && (value === null || value === undefined))) return CUT;
    const text = keyText(key, e, frame);
    if (node.optional && value !== null && value !== undefined && !hasMethod(e, value, text)) return CUT;
    const values = args(e, frame);
    e.at = at;
    return callMember(e, value, text, values);
  };
}

export function compileCall(node: CallExpression, scope: Scope, compiler: Compiler): Code {
  let callee = refuseSuper(node.callee);
  while (callee.type === 'ParenthesizedExpression') callee = callee.expression;
  if (callee.type === 'Identifier' && callee.name === '$if' && scope.find('$if') === undefined) {
    return compileIf(node, scope, compiler);
  }
  if (callee.type === 'MemberExpression') return compileMethodCall(node, callee, scope, compiler);
  const fn = compiler.expression(callee, scope);
  const args = compileArguments(node.arguments, scope, compiler);
  const at = compiler.position(node);
  const { optional } = node;
  return (e, frame) => {
    const value = fn(e, frame);
    if (value === CUT || (optional && (value === null || value === undefined))) return CUT;
    const values = args(e, frame);
    e.at = at;
    return callFunction(e, value, values);
  };
}

/** `$if(test, yes, no)` evaluates one branch only, so that the other may refer to a node that did not run. */
function compileIf(node: CallExpression, scope: Scope, compiler: Compiler): Code {
  const [test, yes, no] = node.arguments;
  if (test === undefined || yes === undefined || [test, yes, no].some((part) => part?.type === 'SpreadElement')) {
    throw stop('EXPRESSION_SYNTAX', { reason: '$if needs a test, a value for true and a value for false' });
  }
  // Spread elements were refused above.
  const [t, y, n] = [test, yes, no].map((part) =>
    part === undefined ? undefined : compiler.expression(part as Expression, scope),
  );
  return (e, frame) => (t?.(e, frame) ? y?.(e, frame) : n === undefined ? false : n(e, frame));
}

export function compileNew(node: NewExpression, scope: Scope, compiler: Compiler): Code {
  const callee = compiler.expression(node.callee, scope);
  const args = compileArguments(node.arguments, scope, compiler);
  const at = compiler.position(node);
  return (e, frame) => {
    const type = callee(e, frame);
    const values = args(e, frame);
    e.at = at;
    e.spend(1);
    if (type instanceof Handle) return type.construct(e, values);
    throw typeFault(`${type instanceof GuestFunction ? type.text : typeOf(type)} is not a constructor`);
  };
}
