import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Issue } from './errors-of-workflow.ts';
import { toItemError, workflowErrors } from './errors-of-workflow.ts';
import { TroupeError, errorTable } from './errors.ts';

const samples = [
  workflowErrors.WORKFLOW_INVALID({ issues: [{ level: 'error', field: 'x', message: 'x is bad', hint: 'mend x' }] }),
  workflowErrors.NODE_TYPE_UNKNOWN({ node: 'A', type: 't', version: 1, versions: [] }),
  workflowErrors.NODE_HAS_ISSUES({ node: 'A', missing: ['URL'] }),
  workflowErrors.TRIGGER_MISSING({ workflow: 'W' }),
  workflowErrors.TRIGGER_UNKNOWN({ workflow: 'W', node: 'A' }),
  workflowErrors.TRIGGER_DISABLED({ node: 'A' }),
  workflowErrors.WEBHOOK_TAKEN({ method: 'GET', path: 'a', workflowId: 'w' }),
  workflowErrors.DESTINATION_UNKNOWN({ workflow: 'W', node: 'A' }),
  workflowErrors.RUN_EVENT_UNEXPECTED({ executionId: '1', event: 'e', expected: 'f' }),
  workflowErrors.RUN_ENDED({ executionId: '1', status: 'success', event: 'e' }),
  workflowErrors.RUN_ENDLESS_LOOP({ node: 'A', runs: 5 }),
  workflowErrors.NODE_OUTPUT_TOO_MANY_ITEMS({ node: 'A', items: 5, limit: 4 }),
  workflowErrors.NODE_OUTPUT_TOO_LARGE({ node: 'A', limitBytes: 4 }),
  workflowErrors.NODE_OUTPUT_TOO_DEEP({ node: 'A', limit: 4 }),
];

describe('errors of the language', () => {
  it('are all sampled here', () => {
    assert.deepEqual(
      samples.map((error) => error.code),
      Object.keys(workflowErrors),
    );
  });

  for (const error of samples) {
    it(`${error.code} names its values, and stands in the table with a status and a hint`, () => {
      assert.ok(error instanceof TroupeError);
      const named = Object.values(error.details).filter((value) => typeof value !== 'object');
      for (const value of named) assert.ok(error.message.includes(String(value)), `${error.message} lacks ${value}`);
      const row = errorTable().get(error.code);
      assert.equal(row?.status, error.status);
      assert.ok(error.status >= 400 && error.status <= 599);
      assert.ok((error.hint ?? '').length > 10);
    });
  }

  it('an invalid workflow names its first three faults and counts the rest', () => {
    const issues: Issue[] = [1, 2, 3, 4, 5].map((n) => ({
      level: 'error',
      field: 'f',
      message: `fault ${n}`,
      hint: '',
    }));
    const { message } = workflowErrors.WORKFLOW_INVALID({ issues });
    assert.equal(message, 'The workflow is not valid: fault 1; fault 2; fault 3 (and 2 more)');
  });

  it('become item errors with code and hint, for run data', () => {
    const error = workflowErrors.TRIGGER_DISABLED({ node: 'A' });
    assert.deepEqual(toItemError(error), {
      message: error.message,
      name: 'TroupeError',
      code: 'TRIGGER_DISABLED',
      hint: error.hint,
    });
    const bare = new TroupeError('X', { message: () => 'bare', status: 500, retryable: false }, {});
    assert.deepEqual(toItemError(bare), { message: 'bare', name: 'TroupeError', code: 'X' });
  });
});
