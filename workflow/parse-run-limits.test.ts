import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Issue } from './errors-of-workflow.ts';
import { TroupeError } from './errors.ts';
import type { JsonObject } from './items.ts';
import { CONCURRENT_RUNS, RUNS_PER_PERIOD } from './limits.ts';
import { parseWorkflow } from './parse.ts';

const workflow = (settings: JsonObject): JsonObject => ({
  name: 'W',
  nodes: [{ name: 'A', type: 'n8n-nodes-base.set', position: [0, 0] }],
  connections: {},
  settings,
});

function issuesOf(settings: JsonObject): Issue[] {
  try {
    parseWorkflow(workflow(settings));
  } catch (error) {
    assert.ok(error instanceof TroupeError && error.code === 'WORKFLOW_INVALID');
    return (error.details as { issues: Issue[] }).issues;
  }
  return assert.fail('the settings were accepted');
}

describe('settings.concurrency', () => {
  const accepted: [string, JsonObject, unknown][] = [
    ['absent: no limit', {}, undefined],
    ['null: no limit', { concurrency: null }, undefined],
    ['a plain number is the limit', { concurrency: 3 }, { limit: 3 }],
    ['an object has the limit', { concurrency: { limit: 3 } }, { limit: 3 }],
    [
      'and a key',
      { concurrency: { limit: 1, key: '={{ $json.body.id }}' } },
      { limit: 1, key: '={{ $json.body.id }}' },
    ],
    ['a key may be plain text', { concurrency: { limit: 1, key: 'shop' } }, { limit: 1, key: 'shop' }],
    ['an empty key is none', { concurrency: { limit: 1, key: '' } }, { limit: 1 }],
    ['the highest limit', { concurrency: CONCURRENT_RUNS }, { limit: CONCURRENT_RUNS }],
  ];
  for (const [rule, settings, expected] of accepted) {
    it(rule, () => assert.deepEqual(parseWorkflow(workflow(settings)).settings.concurrency, expected));
  }

  const refused: [string, JsonObject, string][] = [
    ['zero', { concurrency: 0 }, 'settings.concurrency'],
    ['a fraction', { concurrency: 1.5 }, 'settings.concurrency'],
    ['text', { concurrency: '3' }, 'settings.concurrency'],
    ['over the highest', { concurrency: CONCURRENT_RUNS + 1 }, 'settings.concurrency'],
    ['no limit in the object', { concurrency: {} }, 'settings.concurrency.limit'],
    ['a key that is no text', { concurrency: { limit: 1, key: 7 } }, 'settings.concurrency.key'],
    ['a key that does not compile', { concurrency: { limit: 1, key: '={{ $json. }}' } }, 'settings.concurrency.key'],
    ['a member that means nothing', { concurrency: { limit: 1, keys: 'a' } }, 'settings.concurrency.keys'],
  ];
  for (const [rule, settings, field] of refused) {
    it(`${rule} is refused by its name`, () => {
      assert.deepEqual(
        issuesOf(settings).map((issue) => issue.field),
        [field],
      );
    });
  }
});

describe('settings.rateLimit', () => {
  const periods: [string, number][] = [
    ['second', 1_000],
    ['minute', 60_000],
    ['hour', 3_600_000],
  ];
  for (const [per, perMs] of periods) {
    it(`so many per ${per}`, () => {
      const { rateLimit } = parseWorkflow(workflow({ rateLimit: { limit: 5, per } })).settings;
      assert.deepEqual(rateLimit, { limit: 5, perMs });
    });
  }
  it('with a key of its own', () => {
    const { rateLimit } = parseWorkflow(
      workflow({ rateLimit: { limit: 5, per: 'hour', key: '={{ $json.k }}' } }),
    ).settings;
    assert.equal(rateLimit?.key, '={{ $json.k }}');
  });

  const refused: [string, JsonObject, string][] = [
    ['a plain number', { rateLimit: 5 }, 'settings.rateLimit'],
    ['no period', { rateLimit: { limit: 5 } }, 'settings.rateLimit.per'],
    ['an unknown period', { rateLimit: { limit: 5, per: 'day' } }, 'settings.rateLimit.per'],
    ['no limit', { rateLimit: { per: 'second' } }, 'settings.rateLimit.limit'],
    ['over the highest', { rateLimit: { limit: RUNS_PER_PERIOD + 1, per: 'hour' } }, 'settings.rateLimit.limit'],
    [
      'a key that does not compile',
      { rateLimit: { limit: 1, per: 'hour', key: '={{ ( }}' } },
      'settings.rateLimit.key',
    ],
  ];
  for (const [rule, settings, field] of refused) {
    it(`${rule} is refused by its name`, () => {
      assert.deepEqual(
        issuesOf(settings).map((issue) => issue.field),
        [field],
      );
    });
  }
});
