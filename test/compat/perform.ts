import { setTimeout as delay } from 'node:timers/promises';
import { createCatalog, createHttpClient } from '#nodes';
import { isStickyNote, parseWorkflow, TroupeError, validateWorkflow, workflowErrors } from '#workflow';
import { SimulatedClock, type CodeRunner, type HttpClient } from '#runtime';
import type { JsonObject, WorkflowDefinition } from '#workflow';
import { scriptedClient } from './answers.ts';
import { compareExecution, type Failure, type ObservedExecution } from './compare.ts';
import { difference } from './equal.ts';
import { observed } from './observe.ts';
import { fillPlaceholders, type CompatRecord, type ExpectedAnswer, type WebhookCall } from './record.ts';
import { makeWorld, type World } from './world.ts';

/** A run of a case that is not over after this long is canceled. */
const CASE_MS = 60_000;
/** How long executions that others start (error workflows, sub-workflows nobody waits for) may take to end. */
const LATE_MS = 3_000;
const LATE_STEP_MS = 20;

const MAIN = 'main';
const catalog = createCatalog();

/** What came of a case. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly failures: readonly Failure[] }
  | { readonly kind: 'unsupported'; readonly why: string };

/** What every case shares. */
export interface Shared {
  readonly code: CodeRunner;
  /** Port of the server that the HTTP cases talk to. */
  readonly stubPort: number;
}

/** Runs a record through the whole engine and says where it differs. */
export async function perform(record: CompatRecord, shared: Shared): Promise<Verdict> {
  const why = unsupported(record);
  if (why !== undefined) return { kind: 'unsupported', why };
  const values = new Map([['STUB_PORT', String(shared.stubPort)]]);
  for (const key of Object.keys(record.workflows ?? {})) values.set(`WF:${key}`, key);
  const ready = fillPlaceholders(record, values);
  const http = clientOf(ready);
  const { now } = ready.env;
  const clock = now === undefined ? undefined : new SimulatedClock(new Date(now).getTime());
  const world = await makeWorld({
    workflows: workflowsOf(ready),
    http,
    code: shared.code,
    ...(clock && { clock }),
  });
  try {
    const failures = ready.start.calls ? await performCalls(ready, world) : await performStart(ready, world, clock);
    return failures.length === 0 ? { kind: 'pass' } : { kind: 'fail', failures };
  } finally {
    await world.stop();
    await http.close();
  }
}

function clientOf({ http }: CompatRecord): HttpClient & { close(): Promise<void> } {
  if (Array.isArray(http)) return { ...scriptedClient(http), close: async () => {} };
  return createHttpClient({ allowPrivateNetwork: true });
}

function workflowsOf(record: CompatRecord): Map<string, JsonObject> {
  return new Map([[MAIN, { id: MAIN, name: MAIN, ...record.workflow }], ...Object.entries(record.workflows ?? {})]);
}

function unsupported(record: CompatRecord): string | undefined {
  if (record.credentials !== undefined) return 'credentials';
  for (const [id, json] of workflowsOf(record)) {
    for (const node of parseWorkflow(json, { id }).nodes) {
      if (node.disabled || isStickyNote(node.type) || catalog.facts(node)) continue;
      return `${node.type} ${node.typeVersion}`;
    }
  }
  return undefined;
}

async function performStart(record: CompatRecord, world: World, clock?: SimulatedClock): Promise<Failure[]> {
  const got = await startOnce(record, world, clock).catch(refused);
  return [...compareExecution(record, got, record.compare), ...(await compareOthers(record, world))];
}

async function startOnce(record: CompatRecord, world: World, clock?: SimulatedClock): Promise<ObservedExecution> {
  const { node, mode, items = [{ json: {} }] } = record.start;
  const { definition, version } = await checked(world);
  const handle = world.engine.start({
    workflow: definition,
    workflowVersion: version,
    mode: mode === 'webhook' ? 'webhook' : mode,
    trigger: node,
    items: [...items],
    acceptEarly: false,
  });
  const giveUp = setTimeout(() => void world.engine.cancel(handle.executionId, 'too long'), CASE_MS);
  const waits = clock && setInterval(() => void passWait(world, handle.executionId, clock), LATE_STEP_MS);
  const report = await handle.ended.finally(() => {
    clearTimeout(giveUp);
    clearInterval(waits);
  });
  return observed(report, world.binary);
}

/** Time stands still in a case with a fixed clock, but for its waits: they are over as soon as they are committed. */
async function passWait(world: World, executionId: string, clock: SimulatedClock): Promise<void> {
  const report = await world.engine.inspect(executionId);
  if (report?.wakeAt !== undefined && report.wakeAt > clock.now()) await clock.advance(report.wakeAt - clock.now());
}

/** The workflow as a user gets it past the door, or the refusal. */
async function checked(world: World): Promise<{ definition: WorkflowDefinition; version: number }> {
  const found = await world.definitions.load(MAIN);
  if (found === undefined) throw new Error('the workflow of the case was not stored');
  const issues = validateWorkflow(found.definition, (node) => catalog.facts(node)).filter(
    ({ level }) => level === 'error',
  );
  if (issues.length > 0) throw workflowErrors.WORKFLOW_INVALID({ issues });
  return found;
}

function refused(error: unknown): ObservedExecution {
  if (!(error instanceof TroupeError)) throw error;
  return { status: 'error', error: { message: error.message }, order: [], runs: {} };
}

async function performCalls(record: CompatRecord, world: World): Promise<Failure[]> {
  const address = await world.listen([MAIN]);
  const url = new Map([
    ['N8N_URL', address],
    ['N8N_HOST', new URL(address).host],
  ]);
  const filled = fillPlaceholders(record, url);
  const answers = filled.http !== undefined && 'answers' in filled.http ? (filled.http.answers ?? []) : [];
  const failures: Failure[] = [];
  for (const [index, call] of (filled.start.calls ?? []).entries()) {
    await delay(call.pause ?? 0);
    failures.push(...(await answerFailures(index, answers[index], await send(address, call))));
  }
  const wanted = [filled, ...(filled.more ?? [])];
  const got = await endedOf(world, MAIN, wanted.filter(({ expectedStatus }) => expectedStatus !== 'none').length);
  wanted.forEach((one, index) => failures.push(...compareExecution(one, got[index], filled.compare)));
  return [...failures, ...(await compareOthers(filled, world))];
}

async function send(address: string, call: WebhookCall): Promise<Response> {
  const { method, path, headers = {} } = call;
  const plain = { method, headers, redirect: 'manual' as const };
  if (call.form !== undefined) return fetch(address + path, { ...plain, body: formOf(call.form) });
  if (call.body === undefined) return fetch(address + path, plain);
  if (typeof call.body === 'string') return fetch(address + path, { ...plain, body: call.body });
  return fetch(address + path, {
    ...plain,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(call.body),
  });
}

function formOf(fields: NonNullable<WebhookCall['form']>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([value.content], { type: value.type }), value.filename);
  }
  return form;
}

async function answerFailures(index: number, want: ExpectedAnswer | undefined, got: Response): Promise<Failure[]> {
  const body = await got.text();
  if (want === undefined) return [];
  const headers = Object.fromEntries(Object.keys(want.headers).map((name) => [name, got.headers.get(name)]));
  const found = difference(want, { status: got.status, headers, body });
  return found === undefined ? [] : [{ at: `(answer ${index})`, ...found }];
}

/** Executions of the other workflows of the case. */
async function compareOthers(record: CompatRecord, world: World): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const [key, wanted] of Object.entries(record.aux ?? {})) {
    const got = await endedOf(world, key, wanted.length);
    if (got.length > wanted.length) {
      failures.push({ at: `${key}:`, path: 'executions', want: wanted.length, got: got.length });
    }
    wanted.forEach((one, index) => {
      for (const failure of compareExecution(one, got[index], record.compare)) {
        failures.push({ ...failure, at: `${key}:${failure.at}` });
      }
    });
  }
  return failures;
}

/** The executions of a workflow once so many have ended, or when time is up. */
async function endedOf(world: World, workflowId: string, count: number): Promise<ObservedExecution[]> {
  for (let waited = 0; ; waited += LATE_STEP_MS) {
    const reports = await Promise.all(world.executionsOf(workflowId).map((id) => world.engine.inspect(id)));
    const known = reports.filter((report) => report !== undefined);
    const done = known.length >= count && known.every(({ status }) => status !== 'running');
    if (done || waited >= LATE_MS) return Promise.all(known.map((report) => observed(report, world.binary)));
    await delay(LATE_STEP_MS);
  }
}
