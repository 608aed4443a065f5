import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patternMatches } from './regex.ts';
import { judgeRegex } from './regex-safety.ts';
import { codeOf, valueOf } from './test-support.ts';

const SAFE: [pattern: string, degree: number][] = [
  ['abc', 0],
  ['^\\d+$', 1],
  ['\\d{4}-\\d{2}-\\d{2}', 0],
  ['(\\d+)-(\\d+)-(\\d+)', 2],
  ['^(\\d+)-(\\d+)$', 1],
  ['<title>(.*?)</title>', 1],
  ['^[^@\\s]+@[^@\\s]+\\.[a-z]+$', 2],
  ['(?:foo|bar)+', 1],
  ['(?:[a-z0-9-]+\\.)+[a-z]+', 3],
  ['(?:,\\s*\\w+)*', 1],
  ['(\\/\\w+)*', 1],
  ['\\B(?=(\\d{3})+(?!\\d))', 1],
  ['a|b|c', 0],
  ['[\\s\\S]*', 2],
  ['^.*x.*y$', 2],
  ['(?<year>\\d{4})', 0],
  ['(a)?b', 1],
  ['x{2,5}', 2],
  ['\\u0041\\x41[\\b]', 0],
  ['\\p{L}+', 2],
  ['(?i:a)', 0],
  ['[a-f\\d]', 0],
];

const UNSAFE = [
  '(a+)+',
  '(a*)*',
  '(a+)*b',
  '((a)+)+',
  '(.*)*',
  '(.+)+x',
  '(a|a)*',
  '(a|ab)*',
  '(\\w|\\d)+',
  '([a-z]+)*\\d',
  '(\\w+\\s?)*$',
  '(a?)*',
  '(a?){20}',
  '(|a)+',
  '(a{1,5}){3}',
  '(x+x+)+y',
  '(?:a+)+',
  '(?=(a+)+)b',
  '(a)\\1',
  '(?<n>a)\\k<n>',
  '(?:\\s*\\w+\\s*)+',
  `${'('.repeat(30)}a${')'.repeat(30)}`,
];

describe('a pattern is judged before it is built', () => {
  for (const [pattern, degree] of SAFE) {
    it(`${pattern} costs length to the power of ${degree}`, () => {
      assert.doesNotThrow(() => new RegExp(pattern));
      assert.deepEqual(judgeRegex(pattern, ''), { safe: true, degree });
    });
  }
  for (const pattern of UNSAFE) it(`${pattern} is refused`, () => assert.equal(judgeRegex(pattern, '').safe, false));

  it('case matters for what can meet', () => {
    assert.equal(judgeRegex('(a|A)+', '').safe, true);
    assert.equal(judgeRegex('(a|A)+', 'i').safe, false);
  });
});

describe('a pattern is refused wherever it comes from', () => {
  for (const code of [
    '/(a+)+/',
    'new RegExp("(a+)+")',
    '"a".match("(a+)+")',
    '"a".search("(a+)+")',
    '"a".matchAll("(a+)+")',
    'RegExp("(a+)+")',
  ]) {
    it(code, () => assert.equal(codeOf(code), 'EXPRESSION_REGEX_UNSAFE'));
  }
  it('replaceAll and split take text as text', () => {
    assert.equal(valueOf('"(a+)+".replaceAll("(a+)+", "x")'), 'x');
    assert.deepEqual(valueOf('"1(a+)+2".split("(a+)+")'), ['1', '2']);
  });
});

describe('the text is bounded by the degree of the pattern', () => {
  it('takes long text for a linear pattern', () => assert.equal(valueOf('/^a+$/.test("a".repeat(1e6))'), true));
  it('refuses it for a quadratic one', () => assert.equal(codeOf('/a+b/.test("a".repeat(1e6))'), 'EXPRESSION_LIMIT'));
  it('refuses more than a million characters', () =>
    assert.equal(codeOf('/x/.test("a".repeat(2e6))'), 'EXPRESSION_LIMIT'));
});

describe('a literal has no state between evaluations', () => {
  it('test of a global pattern', () => {
    for (let i = 0; i < 3; i++) assert.equal(valueOf('/a/g.test("a")'), true);
  });
  it('lastIndex moves within one', () => {
    assert.deepEqual(
      valueOf('(() => { const r = /a/g; return [r.test("aa"), r.lastIndex, r.test("aa"), r.test("aa")] })()'),
      [true, 1, true, false],
    );
  });
});

describe('patterns of filter fields', () => {
  const grid: [pattern: string, text: string, matches: boolean][] = [
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['/B/i', 'abc', true],
    ['/^a.c$/s', 'a\nc', true],
    ['/a/g', 'a', true],
    ['/a', '/a', true],
  ];
  for (const [pattern, text, matches] of grid)
    it(`${pattern} on ${JSON.stringify(text)}`, () => assert.equal(patternMatches(pattern, text), matches));
  it('a global pattern matches every time', () => {
    for (let i = 0; i < 3; i++) assert.equal(patternMatches('/a/g', 'a'), true);
  });
  it('refuses with a code', () => {
    assert.throws(() => patternMatches('(a+)+', 'a'), { code: 'EXPRESSION_REGEX_UNSAFE' });
    assert.throws(() => patternMatches('[', 'a'), { code: 'EXPRESSION_FUNCTION' });
    assert.throws(() => patternMatches('/a/zz', 'a'), { code: 'EXPRESSION_FUNCTION' });
  });
});
