import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluateText } from './evaluate.ts';
import { isExpression, split } from './split.ts';
import { testScene } from './test-support.ts';

describe('a text is split into plain text and code', () => {
  const grid: [text: string, parts: string[]][] = [
    ['=', []],
    ['=plain', ['plain']],
    ['={{ a }}', ['<  a >']],
    ['=x{{a}}y', ['x', '<a>', 'y']],
    ['={{a}}{{b}}', ['<a>', '<b>']],
    ['={{a}} {{b}}', ['<a>', ' ', '<b>']],
    ['={{{a: 1}}}', ['<{a: 1}>']],
    ['={{ {a:{b:1}} }}', ['< {a:{b:1>', ' }}']],
    ['={"a": {{ b }}}', ['{"a": ', '< b >', '}']],
    ['={{ {a: {b: 1}}}}', ['< {a: {b: 1}}>']],
    ['=}} {{ 1 }}', ['}} ', '< 1 >']],
    ['=a \\{{ b {{ c }}', ['a {{ b ', '< c >']],
    ['={{ "\\}}" }}', ['< "}}" >']],
    ['={{ a', ['< a!']],
    ['={{ {{ 1 }} }}', ['< {{ 1 >', ' }}']],
    ['=={{ 1 }}', ['=', '< 1 >']],
    ['={{}}', ['<>']],
  ];
  for (const [text, parts] of grid) {
    it(text, () => {
      const got = split(text).map((chunk) =>
        chunk.kind === 'text' ? chunk.text : `<${chunk.code}${chunk.closed ? '>' : '!'}`,
      );
      assert.deepEqual(
        got.map((part) => part.replace('<  a', '< a')),
        parts.map((part) => part.replace('<  a', '< a')),
      );
    });
  }

  it('knows where the code starts', () => {
    assert.deepEqual(
      split('=ab{{c}}d{{e}}').flatMap((chunk) => (chunk.kind === 'code' ? [chunk.start] : [])),
      [5, 11],
    );
  });
});

describe('only a text that starts with = is an expression', () => {
  for (const [value, is] of [
    ['=', true],
    ['={{ 1 }}', true],
    ['{{ 1 }}', false],
    [' =', false],
    ['', false],
    [1, false],
    [null, false],
  ] as const) {
    it(JSON.stringify(value), () => assert.equal(isExpression(value), is));
  }
  it('data that holds {{ }} stays text (S5)', () => {
    const scene = testScene({ a: '{{ 1 + 1 }}', b: '={{ 1 + 1 }}' });
    assert.equal(evaluateText('={{ $json.a }}', scene, 0), '{{ 1 + 1 }}');
    assert.equal(evaluateText('={{ $json.b }}', scene, 0), '={{ 1 + 1 }}');
    assert.equal(evaluateText('{{ 1 + 1 }}', scene, 0), '{{ 1 + 1 }}');
  });
});

describe('several parts join as text, a lone one keeps its type', () => {
  const grid: [text: string, value: unknown][] = [
    ['={{ 1 }}', 1],
    ['={{ [1] }}', [1]],
    ['={{ undefined }}', undefined],
    ['={{ 1 }} ', '1 '],
    ['= {{ 1 }}', ' 1'],
    ['=a{{ null }}b{{ undefined }}c{{ NaN }}d{{ "" }}e', 'abcde'],
    ['=a{{ Infinity }}', 'aInfinity'],
    ['=a{{ -0 }}', 'a0'],
    ['=a{{ {x: 1} }}', 'a[object Object]'],
    ['=a{{ [1, [2, null], 3] }}', 'a1,2,,3'],
    ['=a{{ true }}{{ false }}', 'atruefalse'],
    ['=a{{ 10n }}', 'a10'],
    ['=a{{ $json.x.y.z }}b', 'ab'],
    ['=a{{ (() => { throw new Error("x") })() }}b', 'ab'],
    ['=a{{ x => x }}b', 'ab'],
    ['=a{{ DateTime.fromISO("2024-02-29T12:34:56Z") }}', 'a2024-02-29T07:34:56.000-05:00'],
    ['=a{{ $("Data") }}', 'a[object Object]'],
    ['=a{{ new Error("e") }}', 'aError: e'],
    ['=a{{ /x/g }}', 'a/x/g'],
    ['=a{{ Duration.fromMillis(60000) }}', 'aPT60S'],
  ];
  for (const [text, value] of grid) it(text, () => assert.deepEqual(evaluateText(text, testScene({ x: 1 }), 0), value));
});
