import type { RunEvent } from '#workflow';
import type { InboxMessage, Step } from '#runtime';
import { afterCommit } from './ledger.ts';
import { conclude, flush, record } from './drive.ts';
import type { Execution } from './execution.ts';
import type { NodeOutcome, ResolvedCall } from './protocol.ts';
import type { ChildResult } from './report.ts';

type Calls = Extract<NodeOutcome, { kind: 'calls' }>;

/** Starts sub-workflows in the same commit as the fact that they were started: neither is there without the other. */
export function startChildren(execution: Execution, at: { node: string; run: number }, outcome: Calls): void {
  const { backstage, ledger, services } = execution;
  const children = outcome.calls.map((call, index) => ({
    step: childStep(execution, at, call, index, outcome.wait),
    workflow: call.definition,
  }));
  ledger.children.push(...children.map((child) => child.step));
  const now = services.clock.now();
  if (outcome.wait && children.length > 0) {
    record(execution, {
      type: 'execution.waiting',
      at: now,
      ...at,
      reason: 'children',
      children: children.map((c) => c.step.executionId),
    });
  } else {
    conclude(execution, passOn(execution, at, now));
  }
  afterCommit(ledger, () => backstage.adopt(children));
  flush(execution);
}

/** A call that nobody waits for hands its input on. */
function passOn(execution: Execution, at: { node: string; run: number }, now: number): RunEvent {
  const inputs = execution.run.current?.inputs ?? [];
  return { type: 'node.finished', at: now, ...at, outputs: [[...(inputs[0] ?? [])]] };
}

function childStep(
  execution: Execution,
  at: { node: string; run: number },
  call: ResolvedCall,
  index: number,
  wait: boolean,
): Step {
  const { services, args } = execution;
  const { executionId, shard } = services.owner.nextId(args.shard);
  const now = services.clock.now();
  const started: RunEvent = {
    type: 'execution.started',
    at: now,
    mode: 'integrated',
    trigger: call.trigger,
    items: call.items,
  };
  const depth = execution.depth + 1;
  if (wait) started.parent = { executionId: args.executionId, ...at, call: index, depth };
  const create = {
    workflowId: call.definition.id,
    workflowVersion: call.version,
    mode: 'integrated',
    startedAt: now,
  } as const;
  return {
    executionId,
    shard,
    epoch: args.epoch,
    create: { ...create, parentExecutionId: args.executionId },
    events: [{ seq: 1, event: started }],
    status: 'running',
  };
}

/** One child has ended. The node goes on when all have; their letters stay in the inbox until then. */
export function childResult(execution: Execution, letter: InboxMessage): void {
  const waiting = execution.waiting();
  const child = letter.messageId;
  if (!waiting?.children?.includes(child)) {
    // A repetition of an answered letter: nothing waits for it any more.
    if (!execution.answered.has(child)) execution.ledger.inboxDone.push(child);
    execution.answered.add(child);
    return flush(execution);
  }
  execution.childLetters.set(child, letter);
  if (!waiting.children.every((id) => execution.childLetters.has(id))) return;
  const letters = waiting.children.map((id) => execution.childLetters.get(id)?.payload as ChildResult); // written by resultFor
  for (const id of waiting.children) execution.answered.add(id);
  execution.ledger.inboxDone.push(...waiting.children);
  execution.childLetters.clear();
  const at = execution.services.clock.now();
  record(execution, { type: 'execution.resumed', at, node: waiting.node, run: waiting.run, results: letters });
}
