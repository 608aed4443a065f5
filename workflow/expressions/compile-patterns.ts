import type { ArrayPattern, Identifier, ObjectPattern, Pattern, Property, AssignmentProperty } from 'acorn';
import { isDeniedVariable } from './denied.ts';
import { Fault, stop, typeFault } from './errors.ts';
import type { Code } from './evaluation.ts';
import { keyText, memberKey, refuseSuper } from './compile-members.ts';
import { readMember, writeMember } from './members.ts';
import { elementsOf } from './operators.ts';
import { outer, type Binder, type Compiler, type Scope } from './scope.ts';
import { define, isRecord, keyOf, newRecord } from './values.ts';

/** Assignment targets and destructuring. */

type PatternCompiler<T> = (node: T, scope: Scope, compiler: Compiler, declares: boolean) => Binder;

function compileName(node: Identifier, scope: Scope, declares: boolean): Binder {
  if (isDeniedVariable(node.name)) throw stop('EXPRESSION_DENIED', { name: node.name });
  const place = scope.find(node.name);
  if (place === undefined) {
    return () => {
      throw new Fault('ReferenceError', `${node.name} is not defined`);
    };
  }
  if (place.constant && !declares) {
    return () => {
      throw typeFault('Assignment to constant variable.');
    };
  }
  const { hops, slot } = place;
  return (_e, frame, value) => {
    outer(frame, hops)[slot] = value;
  };
}

const compileArrayPattern: PatternCompiler<ArrayPattern> = (node, scope, compiler, declares) => {
  const binders = node.elements.map((element) => {
    if (element === null) return undefined;
    const rest = element.type === 'RestElement';
    return {
      rest,
      bind: compiler.pattern(element.type === 'RestElement' ? element.argument : element, scope, declares),
    };
  });
  return (e, frame, value) => {
    const elements = elementsOf(e, value);
    binders.forEach((binder, i) => {
      if (binder?.rest) e.elements(elements.length);
      binder?.bind(e, frame, binder.rest ? elements.slice(i) : elements[i]);
    });
  };
};

function propertyKey(node: Property | AssignmentProperty, scope: Scope, compiler: Compiler): string | Code {
  if (!node.computed)
    return node.key.type === 'Identifier' ? node.key.name : node.key.type === 'Literal' ? String(node.key.value) : '';
  const code = compiler.expression(node.key, scope);
  return (e, frame) => keyOf(e, code(e, frame));
}

const compileObjectPattern: PatternCompiler<ObjectPattern> = (node, scope, compiler, declares) => {
  const members = node.properties.map((property) =>
    property.type === 'RestElement'
      ? { key: undefined, bind: compiler.pattern(property.argument, scope, declares) }
      : { key: propertyKey(property, scope, compiler), bind: compiler.pattern(property.value, scope, declares) },
  );
  return (e, frame, value) => {
    if (value === null || value === undefined) throw typeFault(`Cannot destructure '${String(value)}'`);
    const taken = new Set<string>();
    for (const { key, bind } of members) {
      if (key === undefined) {
        const rest = newRecord();
        const seen = e.look(value);
        if (isRecord(seen)) {
          e.elements(Object.keys(seen).length);
          for (const [name, content] of Object.entries(seen)) if (!taken.has(name)) define(rest, name, content);
        }
        bind(e, frame, rest);
      } else {
        const name = keyText(key, e, frame);
        taken.add(name);
        bind(e, frame, readMember(e, value, name));
      }
    }
  };
};

/** A target of an assignment, a declaration, a parameter or a loop. */
export function compilePattern(node: Pattern, scope: Scope, compiler: Compiler, declares: boolean): Binder {
  switch (node.type) {
    case 'Identifier':
      return compileName(node, scope, declares);
    case 'MemberExpression': {
      const object = compiler.expression(refuseSuper(node.object), scope);
      const key = memberKey(node, scope, compiler);
      return (e, frame, value) => {
        const target = object(e, frame);
        writeMember(e, target, keyText(key, e, frame), value);
      };
    }
    case 'ArrayPattern':
      return compileArrayPattern(node, scope, compiler, declares);
    case 'ObjectPattern':
      return compileObjectPattern(node, scope, compiler, declares);
    case 'AssignmentPattern': {
      const bind = compiler.pattern(node.left, scope, declares);
      const fallback = compiler.expression(node.right, scope);
      return (e, frame, value) => bind(e, frame, value === undefined ? fallback(e, frame) : value);
    }
    case 'RestElement':
      return compiler.pattern(node.argument, scope, declares);
  }
}

/** Names that a pattern declares. */
export function namesOf(node: Pattern): string[] {
  switch (node.type) {
    case 'Identifier':
      return [node.name];
    case 'ArrayPattern':
      return node.elements.flatMap((element) => (element === null ? [] : namesOf(element)));
    case 'ObjectPattern':
      return node.properties.flatMap((property) =>
        namesOf(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'AssignmentPattern':
      return namesOf(node.left);
    case 'RestElement':
      return namesOf(node.argument);
    case 'MemberExpression':
      return [];
  }
}
