import type { Statement, VariableDeclaration } from 'acorn';
import { namesOf } from './compile-patterns.ts';
import { isDeniedVariable } from './denied.ts';
import { stop } from './errors.ts';
import type { Scope } from './scope.ts';

/** Which names a list of statements declares, and in which scope. */

function declare(scope: Scope, name: string, constant: boolean): void {
  if (isDeniedVariable(name)) throw stop('EXPRESSION_DENIED', { name });
  scope.declare(name, constant);
}

export function declareVariables(node: VariableDeclaration, scope: Scope): void {
  for (const { id } of node.declarations) for (const name of namesOf(id)) declare(scope, name, node.kind === 'const');
}

/** let, const and functions of this very block. */
export function declareLexical(statements: readonly Statement[], scope: Scope): void {
  for (const statement of statements) {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') declareVariables(statement, scope);
    if (statement.type === 'FunctionDeclaration') declare(scope, statement.id.name, false);
  }
}

/** True when a block needs a frame of its own. */
export function hasLexical(statements: readonly Statement[]): boolean {
  return statements.some(
    (statement) =>
      (statement.type === 'VariableDeclaration' && statement.kind !== 'var') ||
      statement.type === 'FunctionDeclaration',
  );
}

/** Every `var` below, however deep, up to the next function. */
export function declareHoisted(statements: readonly Statement[], scope: Scope): void {
  for (const statement of statements) hoist(statement, scope);
}

function hoist(node: Statement, scope: Scope): void {
  const inner = (child: Statement | null | undefined) => {
    if (child !== null && child !== undefined) hoist(child, scope);
  };
  switch (node.type) {
    case 'VariableDeclaration':
      if (node.kind === 'var') declareVariables(node, scope);
      break;
    case 'BlockStatement':
      declareHoisted(node.body, scope);
      break;
    case 'IfStatement':
      inner(node.consequent);
      inner(node.alternate);
      break;
    case 'ForStatement':
      if (node.init?.type === 'VariableDeclaration') hoist(node.init, scope);
      inner(node.body);
      break;
    case 'ForOfStatement':
    case 'ForInStatement':
      if (node.left.type === 'VariableDeclaration') hoist(node.left, scope);
      inner(node.body);
      break;
    case 'WhileStatement':
    case 'DoWhileStatement':
      inner(node.body);
      break;
    case 'TryStatement':
      inner(node.block);
      inner(node.handler?.body);
      inner(node.finalizer);
      break;
    case 'SwitchStatement':
      for (const one of node.cases) declareHoisted(one.consequent, scope);
      break;
    default:
  }
}
