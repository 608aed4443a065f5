import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluateText } from './evaluate.ts';
import { renderJson } from './render-json.ts';
import { testScene } from './test-support.ts';

describe('a text that becomes JSON', () => {
  const scene = testScene({ s: 'x', o: { a: [1] }, n: 2 });
  const grid: [text: string, rendered: string][] = [
    ['{"a": 1}', '{"a": 1}'],
    ['={"a": {{ $json.o }}}', '{"a": {"a":[1]}}'],
    ['={"a": {{ $json.o.a }}, "b": {{ $json.n * 2 }}}', '{"a": [1], "b": 4}'],
    ['={"a": "{{ $json.s }}"}', '{"a": "x"}'],
    ['={"a": {{ null }}, "b": "{{ undefined }}"}', '{"a": null, "b": ""}'],
    ['={{ $json.o }}', '{"a":[1]}'],
  ];
  for (const [text, rendered] of grid) {
    it(text, () =>
      assert.equal(
        renderJson(text, (one) => evaluateText(one, scene, 0)),
        rendered,
      ),
    );
  }
  it('an open code is a syntax error', () => {
    assert.throws(() => renderJson('={ {{ 1', (one) => evaluateText(one, scene, 0)), { code: 'EXPRESSION_SYNTAX' });
  });
});
