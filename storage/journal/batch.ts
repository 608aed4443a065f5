import type { ExecutionStatus, Step } from '#runtime';
import { portErrors } from '../errors.ts';
import { IDEMPOTENCY_KEY_CHARACTERS, STATEMENT_STEPS } from '../limits.ts';

/** A step with the children that start with it: committed together or not at all. `n` is its place in the batch. */
export interface Family {
  readonly n: number;
  readonly steps: readonly Step[];
}

/** True for a status that never changes any more. */
export function isTerminal(status: ExecutionStatus): boolean {
  return status === 'success' || status === 'error' || status === 'canceled';
}

/**
 * Checks the steps and orders them into waves, each for one statement. A statement sees the database as it was when
 * it began, so what must see each other stands in different waves: steps of one execution, uses of one idempotency
 * key, and claims to different epochs of one shard. Nearly always there is one wave.
 * Throws JOURNAL_STEP_INVALID before anything is written.
 */
export function toWaves(steps: readonly Step[]): Family[][] {
  const waves: { families: Family[]; steps: number; epochs: Map<number, number> }[] = [];
  const lastWave = new Map<string, number>();
  steps.forEach((step, n) => {
    const family = { n, steps: step.children?.length ? flatten(step) : [step] };
    const names = namesOf(family);
    let at = 0;
    for (const name of names) at = Math.max(at, (lastWave.get(name) ?? -1) + 1);
    while (waves[at] && !fits(waves[at], family)) at += 1;
    const wave = (waves[at] ??= { families: [], steps: 0, epochs: new Map() });
    wave.families.push(family);
    wave.steps += family.steps.length;
    for (const part of family.steps) wave.epochs.set(part.shard, part.epoch);
    for (const name of names) lastWave.set(name, at);
  });
  return waves.map(({ families }) => families);
}

function fits(wave: { steps: number; epochs: Map<number, number> } | undefined, family: Family): boolean {
  if (!wave) return true;
  if (wave.steps + family.steps.length > STATEMENT_STEPS) return false;
  return family.steps.every(({ shard, epoch }) => (wave.epochs.get(shard) ?? epoch) === epoch);
}

function namesOf(family: Family): string[] {
  const names: string[] = [];
  const epochs = new Map<number, number>();
  for (const step of family.steps) {
    assertStep(step);
    names.push(step.executionId);
    const key = step.create?.idempotencyKey;
    if (step.create && key !== undefined) names.push(`${step.create.workflowId}\n${key}`);
    if (family.steps.length === 1) continue;
    if ((epochs.get(step.shard) ?? step.epoch) !== step.epoch)
      throw invalid(step, 'a family names two epochs of a shard');
    epochs.set(step.shard, step.epoch);
  }
  if (family.steps.length > 1) assertFamily(family);
  return names;
}

function flatten(step: Step): Step[] {
  return [step, ...(step.children ?? []).flatMap(flatten)];
}

function assertFamily({ steps }: Family): void {
  const root = steps[0] as Step; // a family begins with its root
  if (new Set(steps.map((step) => step.executionId)).size !== steps.length) throw invalid(root, 'an execution twice');
  for (const child of steps.slice(1)) if (!child.create) throw invalid(child, 'a child is not created here');
  const keyed = steps.filter((step) => step.create?.idempotencyKey !== undefined);
  // The key that was won would stay behind when the other is lost: one statement cannot take it back.
  if (keyed.length > 1) throw invalid(root, 'more than one idempotency key among a step and its children');
}

/** Rules that PostgreSQL would refuse later with worse words, and for the whole batch. */
function assertStep(step: Step): void {
  const first = step.events[0]?.seq ?? 0;
  if (isTerminal(step.status) !== (step.stoppedAt !== undefined)) {
    throw invalid(step, 'stoppedAt belongs to a terminal status');
  }
  step.events.forEach(({ seq }, index) => {
    if (seq !== first + index) throw invalid(step, `seq ${seq} leaves a gap`);
  });
  const create = step.create;
  if (create?.idempotencyKey !== undefined) {
    if (create.idempotencyKey.length > IDEMPOTENCY_KEY_CHARACTERS)
      throw invalid(step, 'the idempotency key is too long');
    assertText(step, create.idempotencyKey);
  }
  if (create) assertText(step, create.workflowId);
  if (step.slot) assertSlot(step);
  if (step.timersSet || step.timersDone || step.inboxDone || step.deliver || step.outbox || step.staticData) {
    for (const text of extraTexts(step)) assertText(step, text);
  }
}

function assertSlot(step: Step): void {
  if (!step.create || step.status !== 'waiting') throw invalid(step, 'only a waiting start claims a turn');
  for (const limit of [step.slot?.concurrency, step.slot?.rate]) if (limit) assertText(step, limit.key);
}

function extraTexts(step: Step): string[] {
  return [
    ...(step.timersSet ?? []).map(({ id }) => id),
    ...(step.timersDone ?? []),
    ...(step.inboxDone ?? []),
    ...(step.deliver ?? []).map(({ messageId }) => messageId),
    ...(step.outbox ?? []).map(({ id }) => id),
    ...Object.keys(step.staticData ?? {}),
  ];
}

/** PostgreSQL's text holds every character but U+0000. */
function assertText(step: Step, text: string): void {
  if (text.includes('\0')) throw invalid(step, 'a key or id holds U+0000');
}

function invalid(step: Step, why: string): Error {
  return portErrors.stepInvalid(step.executionId, why);
}
