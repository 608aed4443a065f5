import { parse, parseExpressionAt, type Expression, type Node, type Statement } from 'acorn';
import { compileFunction } from './closures.ts';
import { EXPRESSIONS } from './compile-expressions.ts';
import { compilePattern } from './compile-patterns.ts';
import { STATEMENTS } from './compile-statements.ts';
import { errors, Stop, type Place } from './errors.ts';
import type { Code } from './evaluation.ts';
import { SYNTAX_DEPTH } from './limits.ts';
import { Scope, type Compiler, type StatementCode } from './scope.ts';

/** Compiles the code of one `{{ }}` to closures. Nothing of the author's text ever becomes host code. */

/** Makes a compiler for code that starts at `start` in its parameter text. */
function makeCompiler(source: string, start: number, onNode: (at: number) => void): Compiler {
  let depth = 0;
  const nested = <N extends Node, T>(node: N, build: (node: N) => T): T => {
    onNode(start + node.start);
    if (++depth > SYNTAX_DEPTH) throw tooDeep(start + node.start);
    const made = build(node);
    depth--;
    return made;
  };
  const compiler: Compiler = {
    expression: (node, scope) =>
      nested(node, (n) => {
        // The table holds under each type the compiler for exactly that type.
        const build = EXPRESSIONS[n.type] as (node: Expression, scope: Scope, compiler: Compiler) => Code;
        return build(n, scope, compiler);
      }),
    statement: (node, scope) =>
      nested(node, (n) => {
        // As above.
        const build = STATEMENTS[n.type] as (node: Statement, scope: Scope, compiler: Compiler) => StatementCode;
        return build(n, scope, compiler);
      }),
    pattern: (node, scope, declares) => nested(node, (n) => compilePattern(n, scope, compiler, declares)),
    closure: (node, scope) => compileFunction(node, scope, compiler, source.slice(node.start, node.end)),
    position: (node) => start + node.start,
  };
  return compiler;
}

function tooDeep(position: number): Error {
  return errors.EXPRESSION_TOO_LARGE({ what: 'nesting', limit: SYNTAX_DEPTH, position });
}

// Parentheses are kept so that the end of the expression is the end of its text.
const OPTIONS = { ecmaVersion: 2025, sourceType: 'script', preserveParens: true } as const;

/**
 * n8n returns the value of the first expression; what follows a semicolon is checked and ignored.
 */
function parseCode(source: string): Expression {
  const expression = parseExpressionAt(source, 0, OPTIONS);
  // Behind it only a comment or `; more` may stand, as behind any other expression; one of the same length keeps positions.
  const filler = expression.end === 1 ? 'a' : '[]'.padStart(expression.end);
  parse(filler + source.slice(expression.end), OPTIONS);
  return expression;
}

/** Compiles code that stands at `start` of a parameter text. Throws EXPRESSION_SYNTAX, _UNSUPPORTED, _TOO_LARGE or _DENIED. */
export function compileCode(source: string, start: number): Code {
  let at = start;
  try {
    const expression = parseCode(source);
    return makeCompiler(source, start, (position) => (at = position)).expression(expression, new Scope(undefined));
  } catch (error) {
    throw compileError(error, { position: at });
  }
}

function compileError(error: unknown, place: Place): unknown {
  if (error instanceof Stop) return error.build(place);
  if (error instanceof SyntaxError) {
    if (error.message.includes('stack space')) return tooDeep(place.position ?? 0);
    const within: unknown = 'pos' in error ? error.pos : 0;
    const position = (place.position ?? 0) + (typeof within === 'number' ? within : 0);
    return errors.EXPRESSION_SYNTAX({ reason: error.message, position });
  }
  // The parser itself ran out of stack on absurd nesting.
  if (error instanceof RangeError) return tooDeep(place.position ?? 0);
  return error;
}
