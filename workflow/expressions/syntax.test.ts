import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EXPRESSIONS } from './compile-expressions.ts';
import type { STATEMENTS } from './compile-statements.ts';
import { codeOf, valueOf } from './test-support.ts';

/** A sample of each type of ESTree: its value, or the code of the error that refuses it. */
const EXPRESSION_SAMPLES: Record<
  keyof typeof EXPRESSIONS,
  [code: string, value: unknown] | [code: string, refused: 'refused', error: string]
> = {
  Identifier: ['undefined', undefined],
  Literal: ['"a"', 'a'],
  ThisExpression: ['typeof this', 'object'],
  ArrayExpression: ['[1, , 3]', [1, undefined, 3]],
  ObjectExpression: ['{ a: 1, ["b" + 1]: 2, ...{ c: 3 } }', { a: 1, b1: 2, c: 3 }],
  FunctionExpression: ['(function (a) { return a * 2 })(4)', 8],
  UnaryExpression: ['[-1, +"2", !0, ~5, typeof 1, void 0]', [-1, 2, true, -6, 'number', undefined]],
  UpdateExpression: ['(() => { let i = 1; return [i++, ++i, i--, --i] })()', [1, 3, 3, 1]],
  BinaryExpression: ['7 % 4 + 2 ** 3', 11],
  AssignmentExpression: ['(() => { let a; a = 2; a *= 5; a ??= 9; return a })()', 10],
  LogicalExpression: ['[0 || 1, 0 && 1, null ?? 2]', [1, 0, 2]],
  MemberExpression: ['({ a: [5] }).a[0]', 5],
  ConditionalExpression: ['1 > 2 ? "y" : "n"', 'n'],
  CallExpression: ['Math.max(...[1, 5], 3)', 5],
  NewExpression: ['new Date(0).getTime()', 0],
  SequenceExpression: ['(1, 2)', 2],
  ArrowFunctionExpression: ['((a, b = 2) => a + b)(1)', 3],
  YieldExpression: ['(function* () { yield 1 })()', 'refused', 'EXPRESSION_UNSUPPORTED'],
  TemplateLiteral: ['`a${1}b${[2, 3]}`', 'a1b2,3'],
  TaggedTemplateExpression: ['String.raw`a`', 'refused', 'EXPRESSION_UNSUPPORTED'],
  ClassExpression: ['class {}', 'refused', 'EXPRESSION_SYNTAX'],
  MetaProperty: ['(function () { return new.target })()', 'refused', 'EXPRESSION_UNSUPPORTED'],
  AwaitExpression: ['(async () => await 1)()', 'refused', 'EXPRESSION_UNSUPPORTED'],
  ChainExpression: ['[$json?.a?.b, null?.[1].c.d, $json.f?.(1)]', [undefined, undefined, undefined]],
  ImportExpression: ['import("x")', 'refused', 'EXPRESSION_UNSUPPORTED'],
  ParenthesizedExpression: ['((((1))))', 1],
};

const inside = (body: string) => `(() => { ${body} })()`;

const STATEMENT_SAMPLES: Record<
  keyof typeof STATEMENTS,
  [body: string, value: unknown] | [body: string, refused: 'refused', error: string]
> = {
  ExpressionStatement: ['1; return 2', 2],
  BlockStatement: ['let a = 1; { let a = 2; } return a', 1],
  EmptyStatement: [';; return 1', 1],
  DebuggerStatement: ['debugger', 'refused', 'EXPRESSION_UNSUPPORTED'],
  WithStatement: ['with ($json) { return a }', 'refused', 'EXPRESSION_UNSUPPORTED'],
  ReturnStatement: ['return; return 1', undefined],
  LabeledStatement: ['a: for (;;) { break a }', 'refused', 'EXPRESSION_UNSUPPORTED'],
  BreakStatement: ['let n = 0; while (true) { if (++n > 3) break } return n', 4],
  ContinueStatement: ['let s = 0; for (const n of [1, 2, 3]) { if (n === 2) continue; s += n } return s', 4],
  IfStatement: ['if (0) return "a"; else if (1) return "b"; return "c"', 'b'],
  SwitchStatement: ['switch (3) { case 1: return "a"; default: return "d"; case 3: { const x = "c"; return x } }', 'c'],
  ThrowStatement: ['throw new Error("own")', undefined],
  TryStatement: ['let t = ""; try { throw "a" } catch (e) { t += e } finally { t += "f" } return t', 'af'],
  WhileStatement: ['let i = 0; while (i < 5) i++; return i', 5],
  DoWhileStatement: ['let i = 9; do { i++ } while (i < 5); return i', 10],
  ForStatement: ['let s = 0; for (let i = 1; i <= 4; i++) s += i; return s', 10],
  ForInStatement: ['const k = []; for (const key in { a: 1, b: 2 }) k.push(key); return k', ['a', 'b']],
  ForOfStatement: ['const k = []; for (const [a, { b }] of [[1, { b: 2 }]]) k.push(a, b); return k', [1, 2]],
  FunctionDeclaration: ['return f(3); function f(n) { return n < 2 ? 1 : n * f(n - 1) }', 6],
  VariableDeclaration: [
    'var a = 1, b; let { c = 3, ...d } = { e: 4 }; const [f, ...g] = [5, 6]; return [a, b, c, d, f, g]',
    [1, undefined, 3, { e: 4 }, 5, [6]],
  ],
  ClassDeclaration: ['class A {}', 'refused', 'EXPRESSION_UNSUPPORTED'],
};

describe('every expression type is compiled or refused with a code', () => {
  for (const [type, [code, value, error]] of Object.entries(EXPRESSION_SAMPLES)) {
    it(type, () => {
      if (value === 'refused' && error !== undefined) assert.equal(codeOf(code), error);
      else assert.deepEqual(valueOf(code, { a: 1 }), value);
    });
  }
});

describe('every statement type is compiled or refused with a code', () => {
  for (const [type, [body, value, error]] of Object.entries(STATEMENT_SAMPLES)) {
    it(type, () => {
      if (value === 'refused' && error !== undefined) assert.equal(codeOf(inside(body)), error);
      else assert.deepEqual(valueOf(inside(body)), value);
    });
  }
});

describe('what has no own type in the tables is refused too', () => {
  const refused: [code: string, error: string][] = [
    ['{ get a() { return 1 } }', 'EXPRESSION_UNSUPPORTED'],
    ['{ set a(v) {} }', 'EXPRESSION_UNSUPPORTED'],
    ['{ __proto__: {} }', 'EXPRESSION_DENIED'],
    ['{ "__proto__": {} }', 'EXPRESSION_DENIED'],
    ['async () => 1', 'EXPRESSION_UNSUPPORTED'],
    ['(async function () {})()', 'EXPRESSION_UNSUPPORTED'],
    ['(() => { async function f() {} })()', 'EXPRESSION_UNSUPPORTED'],
    ['(() => { for (;;) { continue a } })()', 'EXPRESSION_SYNTAX'],
    ['({ m() { return super.x } })', 'EXPRESSION_UNSUPPORTED'],
    ['#a in $json', 'EXPRESSION_SYNTAX'],
    ['if (1) 2', 'EXPRESSION_SYNTAX'],
    ['const a = 1', 'EXPRESSION_SYNTAX'],
    ['export default 1', 'EXPRESSION_SYNTAX'],
    ['import x from "y"', 'EXPRESSION_SYNTAX'],
    ['$if(1)', 'EXPRESSION_SYNTAX'],
    ['1 +', 'EXPRESSION_SYNTAX'],
    ['a b', 'EXPRESSION_SYNTAX'],
    ['"', 'EXPRESSION_SYNTAX'],
    ['', 'EXPRESSION_SYNTAX'],
    ['/[/', 'EXPRESSION_SYNTAX'],
    [`${'('.repeat(3000)}1${')'.repeat(3000)}`, 'EXPRESSION_TOO_LARGE'],
    [`${'!'.repeat(1200)}1`, 'EXPRESSION_TOO_LARGE'],
    [`1${'+1'.repeat(2000)}`, 'EXPRESSION_TOO_LARGE'],
    [`"${'x'.repeat(300_000)}"`, 'EXPRESSION_TOO_LARGE'],
  ];
  for (const [code, error] of refused) it(`${code.slice(0, 40)} is ${error}`, () => assert.equal(codeOf(code), error));
});

describe('what comes after a semicolon is checked and not run', () => {
  it('gives the first value', () => assert.equal(valueOf('1; 2'), 1));
  it('takes a lone semicolon', () => assert.equal(valueOf('Math.floor(1.5);'), 1));
  it('takes a comment behind', () => assert.equal(valueOf('1 // one'), 1));
  it('refuses what does not parse', () => assert.equal(codeOf('1; )'), 'EXPRESSION_SYNTAX'));
});

describe('a syntax error says where', () => {
  const position = (code: string): unknown => {
    try {
      return valueOf(code);
    } catch (error) {
      return error instanceof Error && 'details' in error ? (error.details as { position: number }).position : error;
    }
  };
  it('counts from the start of the text', () => assert.equal(position('1 2'), '={{ 1 2'.indexOf('2')));
  it('counts behind the first statement', () => assert.equal(position('a; )'), '={{ a; )'.indexOf(')')));
  it('points at what is not supported', () => assert.equal(position('1 + class {}'), '={{ 1 + class'.indexOf('class')));
});
