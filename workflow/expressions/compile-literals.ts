import type { ArrayExpression, Literal, ObjectExpression, Property, TemplateLiteral } from 'acorn';
import { stop } from './errors.ts';
import type { Code, Evaluation } from './evaluation.ts';
import { elementsOf } from './operators.ts';
import { freshRegex, makeRegex } from './regex.ts';
import type { Compiler, Scope } from './scope.ts';
import { spreadInto } from './spread.ts';
import { boundedBigint, define, keyOf, newRecord, textOf } from './values.ts';

/** Literals: constants, templates, arrays and objects. */

export function compileLiteral(node: Literal): Code {
  if (node.regex !== undefined) {
    const regex = makeRegex(node.regex.pattern, node.regex.flags);
    return () => freshRegex(regex);
  }
  if (node.bigint !== undefined && node.bigint !== null) {
    const big = boundedBigint(BigInt(node.bigint));
    return () => big;
  }
  const { value } = node;
  return () => value;
}

export function compileTemplate(node: TemplateLiteral, scope: Scope, compiler: Compiler): Code {
  const texts = node.quasis.map((quasi) => quasi.value.cooked ?? '');
  const codes = node.expressions.map((part) => compiler.expression(part, scope));
  return (e, frame) => {
    let text = texts[0] ?? '';
    codes.forEach((code, i) => {
      const part = textOf(e, code(e, frame)) + (texts[i + 1] ?? '');
      e.allocate(text.length + part.length);
      text += part;
    });
    return text;
  };
}

export function compileArray(node: ArrayExpression, scope: Scope, compiler: Compiler): Code {
  const parts = node.elements.map((element) => {
    if (element === null) return { spread: false, code: () => undefined };
    const spread = element.type === 'SpreadElement';
    return { spread, code: compiler.expression(element.type === 'SpreadElement' ? element.argument : element, scope) };
  });
  return (e, frame) => {
    const made: unknown[] = [];
    e.elements(parts.length);
    for (const { spread, code } of parts) {
      const value = code(e, frame);
      if (!spread) made.push(value);
      else appendAll(e, made, elementsOf(e, value));
    }
    return made;
  };
}

function appendAll(e: Evaluation, target: unknown[], more: readonly unknown[]): void {
  e.elements(target.length + more.length);
  for (const element of more) target.push(element);
}

type Part = { kind: 'spread'; code: Code } | { kind: 'member'; key: string | Code; code: Code };

function compileProperty(node: Property, scope: Scope, compiler: Compiler): Part {
  if (node.kind !== 'init') throw stop('EXPRESSION_UNSUPPORTED', { construct: 'a getter or setter' });
  const { key } = node;
  const code = compiler.expression(node.value, scope);
  if (!node.computed) {
    const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : '';
    // Without the computed form `__proto__: x` would set a prototype in JavaScript.
    if (name === '__proto__') throw stop('EXPRESSION_DENIED', { name });
    return { kind: 'member', key: name, code };
  }
  const computed = compiler.expression(key, scope);
  return { kind: 'member', key: (e, frame) => keyOf(e, computed(e, frame)), code };
}

export function compileObject(node: ObjectExpression, scope: Scope, compiler: Compiler): Code {
  const parts = node.properties.map((property): Part =>
    property.type === 'SpreadElement'
      ? { kind: 'spread', code: compiler.expression(property.argument, scope) }
      : compileProperty(property, scope, compiler),
  );
  return (e, frame) => {
    const made = newRecord();
    e.elements(parts.length);
    for (const part of parts) {
      if (part.kind === 'spread') spreadInto(e, made, part.code(e, frame));
      else {
        const key = typeof part.key === 'string' ? part.key : keyOf(e, part.key(e, frame));
        define(made, key, part.code(e, frame));
      }
    }
    return made;
  };
}
