import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Issue } from './errors-of-workflow.ts';
import { TroupeError } from './errors.ts';
import type { JsonObject, JsonValue } from './items.ts';
import { PLACEMENT_TAGS, TAG_CHARACTERS } from './limits.ts';
import { parseWorkflow } from './parse.ts';

function workflow(node?: JsonValue, settings?: JsonValue): JsonObject {
  return {
    name: 'W',
    nodes: [
      { name: 'A', type: 'n8n-nodes-base.set', position: [0, 0], ...(node !== undefined && { placement: node }) },
    ],
    connections: {},
    ...(settings !== undefined && { settings: { placement: settings } }),
  };
}

function issueOf(json: JsonObject): Issue | undefined {
  try {
    parseWorkflow(json);
  } catch (error) {
    assert.ok(error instanceof TroupeError && error.code === 'WORKFLOW_INVALID');
    return (error.details as { issues: Issue[] }).issues[0];
  }
  return assert.fail('the workflow was accepted');
}

describe('a placement, of a node and of the settings', () => {
  const grid: [string, JsonValue | undefined, readonly string[] | undefined][] = [
    ['absent says nothing', undefined, undefined],
    ['null says nothing', null, undefined],
    ['blank text says nothing', '  ', undefined],
    ['an empty list means any member', [], []],
    ['a list stands as it is', ['gpu', 'eu-west'], ['gpu', 'eu-west']],
    ['text is cut at commas', 'gpu , eu-west', ['gpu', 'eu-west']],
    ['a tag given twice is one', ['gpu', 'gpu'], ['gpu']],
    ['letters, digits, ".", "_" and "-" make a tag', ['a.B_9-z'], ['a.B_9-z']],
    ['the longest tag is a tag', ['x'.repeat(TAG_CHARACTERS)], ['x'.repeat(TAG_CHARACTERS)]],
  ];
  for (const [rule, raw, tags] of grid) {
    it(rule, () => {
      assert.deepEqual(parseWorkflow(workflow(raw)).nodes[0]?.placement, tags);
      assert.deepEqual(parseWorkflow(workflow(undefined, raw)).settings.placement, tags);
    });
  }

  const refused: [string, JsonValue][] = [
    ['a tag with a blank', ['eu west']],
    ['an empty tag', ['gpu', '']],
    ['text with an empty tag', 'gpu,,cpu'],
    ['a number', 3],
    ['an object', { tag: 'gpu' }],
    ['a list with another value than text', ['gpu', 1]],
    ['a tag that is too long', ['x'.repeat(TAG_CHARACTERS + 1)]],
  ];
  for (const [what, raw] of refused) {
    it(`${what} is refused, by its place`, () => {
      const ofNode = issueOf(workflow(raw));
      assert.deepEqual([ofNode?.field, ofNode?.node, ofNode?.level], ['nodes[0].placement', 'A', 'error']);
      assert.match(ofNode?.message ?? '', /^Node "A" has the placement /);
      const ofSettings = issueOf(workflow(undefined, raw));
      assert.deepEqual([ofSettings?.field, ofSettings?.node], ['settings.placement', undefined]);
      assert.match(ofSettings?.message ?? '', /^The workflow has the placement /);
    });
  }

  it('more tags than allowed are counted', () => {
    const tags = Array.from({ length: PLACEMENT_TAGS + 1 }, (_, index) => `t${index}`);
    assert.deepEqual(parseWorkflow(workflow(tags.slice(1))).nodes[0]?.placement?.length, PLACEMENT_TAGS);
    assert.equal(issueOf(workflow(tags))?.message, `Node "A" names ${PLACEMENT_TAGS + 1} placement tags`);
  });

  it('what went in comes out: the source keeps both as they were written', () => {
    const json = workflow('gpu , eu-west', ['cpu']);
    assert.deepEqual(parseWorkflow(structuredClone(json)).source, json);
  });
});
