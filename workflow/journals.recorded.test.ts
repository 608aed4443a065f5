import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseWorkflow } from './parse.ts';
import type { RunEvent } from './run-events.ts';
import type { RunState } from './run-state.ts';
import { hasEnded, newRun } from './run-state.ts';
import { plan } from './test-kit.ts';
import { outstanding, transition } from './transition.ts';

/**
 * Journals as older versions wrote them. They must fold as on the day they were recorded: never change a line of the
 * file; what a new version writes differently gets a new line.
 */
interface RecordedJournal {
  name: string;
  workflow: unknown;
  events: RunEvent[];
  order: string[];
  status: RunState['status'];
  /** Items per output of each run; null = the run failed. */
  runs: Record<string, ((number | null)[] | null)[]>;
}

const journals = readFileSync(new URL('./recorded/journals.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordedJournal);

describe('recorded journals still replay', () => {
  for (const journal of journals) {
    it(`${journal.name}: to the same state`, () => {
      let state = newRun(plan(parseWorkflow(journal.workflow)));
      for (const event of journal.events) [state] = transition(state, event);
      assert.equal(state.status, journal.status);
      assert.ok(hasEnded(state));
      const runs = [...state.runData].map(([node, all]) => [
        node,
        all.map((run) => run.outputs?.map((items) => items?.length ?? null) ?? null),
      ]);
      assert.deepEqual(Object.fromEntries(runs), journal.runs);
      const started = journal.events.flatMap((event) => (event.type === 'node.started' ? [event.node] : []));
      assert.deepEqual(started, journal.order);
    });

    it(`${journal.name}: every event answers what was outstanding before it`, () => {
      let state = newRun(plan(parseWorkflow(journal.workflow)));
      for (const event of journal.events) {
        const [effect] = outstanding(state);
        if (effect !== undefined && 'node' in effect && 'node' in event) assert.equal(event.node, effect.node);
        if (event.type === 'execution.finished') assert.equal(effect?.type, 'finish');
        if (event.type === 'execution.failed') assert.equal(effect?.type, 'fail');
        [state] = transition(state, event);
      }
      assert.deepEqual(outstanding(state), []);
    });
  }
});
