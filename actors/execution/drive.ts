import {
  factsIn,
  issueOfRun,
  settle,
  toItemError,
  transition,
  wakeAtOf,
  type ExecutionStarted,
  type NodeDefinition,
  type Ports,
  type RunEffect,
  type RunEvent,
  type RunNodeEffect,
} from '#workflow';
import { errors } from '../errors.ts';
import { placedTask } from '../guests/placed.ts';
import { placeOf } from '../guests/placement.ts';
import { proxyActor } from '../guests/proxy.ts';
import { nodeActor } from '../node/actor.ts';
import { actorName, nodeTask } from '../node/task.ts';
import { leaveEvents } from '../outbox/facts.ts';
import { timerId, type Execution } from './execution.ts';
import { reportOf, resultFor } from './report.ts';
import { lookUpErrorWorkflow } from './error-workflow.ts';
import { afterCommit, append, dirty, takeStep } from './ledger.ts';

type Fail = Extract<RunEffect, { type: 'fail' }>;

/** Records the start. A run that lacks a required parameter fails there, before any of its nodes begins. */
export function recordStart(execution: Execution, started: ExecutionStarted): void {
  record(execution, started, failureAtStart(execution, started));
}

/** What a run that has only just started must fail with instead of beginning; undefined = it can begin. */
export function failureAtStart({ args, services }: Execution, started: ExecutionStarted): Fail | undefined {
  const propertiesOf: Parameters<typeof issueOfRun>[2] = ({ type, typeVersion }) =>
    services.catalog.find(type, typeVersion)?.properties;
  const issue = issueOfRun(args.workflow, started, propertiesOf);
  return issue && { type: 'fail', error: toItemError(issue.error), node: issue.node };
}

/** Records a fact, lets the language say what follows (or does `instead`), and performs that. */
export function record(execution: Execution, event: RunEvent, instead?: RunEffect): void {
  const { services, args, ledger } = execution;
  append(ledger, event);
  noteProgress(execution, event);
  services.faults.at(`event.${event.type}`, args.executionId);
  const [, effects] = transition(execution.run, event);
  execution.effects.push(...(instead ? [instead] : effects));
  if (execution.terminal()) tellParent(execution);
  perform(execution);
  const everyNode = args.workflow.settings.durability === 'every-node';
  if (everyNode || ledger.pending.length >= services.limits.pendingEvents) flush(execution);
}

/** What the run got done since it was loaded clears it of having taken processes down; a start alone does not. */
function noteProgress(execution: Execution, event: RunEvent): void {
  if (!execution.suspected || event.type === 'node.started') return;
  execution.suspected = false;
  execution.ledger.recoveries = 0;
}

/** A run that was called leaves its result in the caller's inbox, in the commit of its own end. */
function tellParent(execution: Execution): void {
  const { run, ledger, backstage } = execution;
  if (!run.parent) return;
  const letter = resultFor(run.parent.executionId, reportOf(execution));
  ledger.deliver.push(letter);
  afterCommit(ledger, () => backstage.doorbell(letter));
}

/** Performs what is due, in order. Facts recorded on the way add to the queue instead of nesting calls. */
export function perform(execution: Execution): void {
  if (execution.performing) return;
  execution.performing = true;
  try {
    for (let effect = execution.effects.shift(); effect; effect = execution.effects.shift()) act(execution, effect);
  } finally {
    execution.performing = false;
  }
}

function act(execution: Execution, effect: RunEffect): void {
  switch (effect.type) {
    case 'runNode':
      return runNode(execution, effect);
    case 'retryAt':
      return wakeAt(execution, effect);
    case 'wakeAt':
      return execution.run.status === 'waiting' ? sleepUntil(execution, effect) : wakeAt(execution, effect);
    case 'await':
      return flush(execution);
    case 'finish':
      record(execution, { type: 'execution.finished', at: execution.services.clock.now() });
      return flush(execution);
    case 'fail':
      return fail(execution, effect);
  }
}

/** Records the fact; an answer for a webhook caller or new static data must not wait for the end of the run. */
export function conclude(execution: Execution, event: RunEvent): void {
  if (event.type === 'node.finished' && event.staticData) {
    execution.ledger.staticData = { ...execution.ledger.staticData, ...event.staticData };
  }
  record(execution, event);
  if (event.type === 'node.finished' && event.response) flush(execution);
}

/** Submits what is pending, or marks it wanted when a step is in flight: one at a time, in order. */
export function flush(execution: Execution): void {
  const { ledger, services, context, args, run } = execution;
  if (!dirty(ledger)) return;
  if (ledger.inFlight || execution.holdsEnd) {
    ledger.wanted = true;
    return;
  }
  const step = takeStep(ledger, args, { status: run.status, stoppedAt: run.stoppedAt, wakeAt: wakeAtOf(run) });
  if (services.events) leaveEvents(step, args, services.events);
  if (step.timersSet) execution.backstage.timersSet(step);
  services.faults.at('commit.before', args.executionId);
  const commit = services.committer.submit(step);
  execution.line.submitted(commit);
  context.pipeToSelf(
    commit,
    (outcome) => ({ type: 'committed', outcome }),
    (error) => ({ type: 'commit.failed', error }),
  );
}

/**
 * Data nodes start at once; what acts on the world starts after its intent is committed. After a crash the start may
 * stand in the journal already: then it is not recorded again, and an effect goes out under the same key.
 */
function runNode(execution: Execution, effect: RunNodeEffect): void {
  const { services, args, run } = execution;
  const node = args.workflow.node.get(effect.node);
  const external = node !== undefined && !effect.given && leaves(execution, node);
  const recorded = run.current?.phase === 'running' && run.current.attempt === effect.attempt;
  if (!recorded) {
    const at = services.clock.now();
    const started: RunEvent = { type: 'node.started', at, node: effect.node, run: effect.run, attempt: effect.attempt };
    if (external) started.key = `${args.executionId}/${node.id}/${effect.run}`;
    record(execution, started);
  }
  if (effect.given) return finishGiven(execution, effect, effect.given);
  if (!external) return spawnNode(execution, effect);
  if (recorded) return whenHeld(execution, () => spawnNode(execution, effect));
  afterCommit(execution.ledger, () => whenHeld(execution, () => spawnNode(execution, effect)));
  flush(execution);
}

/** It acts on the world, or another member performs it: either way its start is committed first. */
function leaves(execution: Execution, node: NodeDefinition): boolean {
  return factsIn(execution.run, node.name)?.effect === 'external' || placeOf(execution, node) !== undefined;
}

/** The outputs are decided without the node's type: disabled, pinned, nothing to work on, or resumed. */
function finishGiven(execution: Execution, effect: RunNodeEffect, outputs: Ports): void {
  const { node, run, attempt } = effect;
  const result = { kind: 'outputs', outputs } as const;
  record(execution, settle(execution.run, { node, run, attempt }, { result }, execution.services.clock.now()));
}

/** How soon a member in doubt of its lease looks again before it starts an effect. */
const LEASE_RECHECK_MS = 200;

/** No effect starts while this member is not sure that it owns the shard. */
function whenHeld(execution: Execution, act: () => void): void {
  if (execution.terminal() || execution.over) return;
  if (execution.services.owner.state() === 'held') return act();
  execution.cancelers.push(execution.services.clock.after(LEASE_RECHECK_MS, () => whenHeld(execution, act)));
}

function spawnNode(execution: Execution, effect: RunNodeEffect): void {
  const { services, args, context } = execution;
  const node = args.workflow.node.get(effect.node);
  const type = node && services.catalog.find(node.type, node.typeVersion);
  if (!node || !type)
    throw errors.NODE_UNKNOWN({ node: effect.node, type: node?.type ?? '?', version: node?.typeVersion ?? 0 });
  const name = actorName(node, effect);
  const tags = placeOf(execution, node);
  const task = tags ? placedTask(execution, node, effect, tags) : nodeTask(execution, node, type, effect);
  execution.nodes.set(name, { node, run: effect.run, attempt: effect.attempt, abort: task.abort });
  if ('order' in task) context.system.tell(context.spawn(name, proxyActor(task)), { type: 'run' });
  else context.system.tell(context.spawn(name, nodeActor(task, services)), { type: 'run' });
}

/** A retry or a short wait: held in memory, found again in the journal after a crash. */
function wakeAt(execution: Execution, effect: { node: string; run: number; at: number }): void {
  const { services, context } = execution;
  const message = { type: 'wake', node: effect.node, run: effect.run } as const;
  execution.cancelers.push(context.tellSelfAfter(Math.max(0, effect.at - services.clock.now()), message));
  flush(execution);
}

/** A long wait: a row in the database wakes it, and the actor leaves memory. */
function sleepUntil(execution: Execution, effect: { node: string; run: number; at: number }): void {
  const { args, ledger } = execution;
  if (ledger.pending.length === 0) return; // taken up from the journal: the row is there already
  ledger.timersSet.push({
    id: timerId(execution, effect),
    shard: args.shard,
    executionId: args.executionId,
    fireAt: effect.at,
    kind: 'wait',
  });
  flush(execution);
}

/** The run failed for good: its end is recorded, and leaves together with the start of its error workflow. */
function fail(execution: Execution, effect: Fail): void {
  const { services, args } = execution;
  const at = services.clock.now();
  record(execution, {
    type: 'execution.failed',
    at,
    error: effect.error,
    ...(effect.node !== undefined && { node: effect.node }),
  });
  if (args.create.mode === 'manual' || args.create.mode === 'cli') return flush(execution);
  if (!lookUpErrorWorkflow(execution)) flush(execution);
}
