import type { RunHandle, RunReport } from '#actors';
import {
  findTrigger,
  type Item,
  type JsonObject,
  type NodeDefinition,
  parseWorkflow,
  TroupeError,
  validateWorkflow,
  type WorkflowDefinition,
  workflowErrors,
} from '#workflow';
import type { Config } from '../config.ts';
import { itemsFor, readInput } from '../input/items.ts';
import { readWorkflowFile } from '../input/workflow-file.ts';
import { RUNS_AT_A_TIME } from '../limits.ts';
import { complain, EXIT } from '../output/complain.ts';
import { pretty } from '../output/pretty.ts';
import { progressTree } from '../output/progress.ts';
import { refusedJson, runJson } from '../output/report.ts';
import type { CliPorts, Member } from '../ports.ts';
import { stopOnSignal } from '../stopping.ts';
import type { Terminal } from '../terminal.ts';

export interface RunOptions {
  files: readonly string[];
  input?: string;
  trigger?: string;
  output: 'pretty' | 'json' | 'jsonl';
  /** Each run is canceled after this many seconds. */
  timeoutSeconds?: number;
  /** Absent: a database that is thrown away. */
  durable: boolean;
}

/** One file of the command line: ready to run, or refused. */
type Job =
  | { file: string; kind: 'ready'; workflows: readonly JsonObject[]; trigger: NodeDefinition; items: Item[] }
  | { file: string; kind: 'refused'; error: TroupeError };

type Ended = { job: Job; report: RunReport } | { job: Job; error: TroupeError };

/**
 * `troupe run`: every file once, RUNS_AT_A_TIME side by side, results in the order of the files. A file that is at
 * fault does not keep the others from running. Exit 0: all succeeded; 2: bad input; 1: anything else (an execution
 * failed, was canceled, or still waits).
 */
export async function runFiles(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  options: RunOptions,
): Promise<number> {
  const items = readInput(options.input);
  const jobs = options.files.map((file) => prepare(ports, file, items, options.trigger));
  const codes: number[] = [];
  for (const job of jobs) if (job.kind === 'refused') codes.push(complain(terminal, job.error, job.file));
  const print = inOrder(jobs, (ended) => {
    if ('report' in ended) codes.push(ended.report.status === 'success' ? EXIT.ok : EXIT.failed);
    terminal.out(textOf(ended, options.output));
  });
  for (const job of jobs) if (job.kind === 'refused') print({ job, error: job.error });
  if (jobs.some((job) => job.kind === 'ready')) {
    const member = await ports.startMember({ config, http: false, throwAway: !options.durable });
    try {
      await perform(member, terminal, jobs, options, (ended) => {
        if ('error' in ended) codes.push(complain(terminal, ended.error, ended.job.file));
        print(ended);
      });
    } finally {
      await member.stop();
    }
  }
  return Math.max(EXIT.ok, ...codes);
}

function prepare({ catalog }: CliPorts, file: string, items: Item[], wanted: string | undefined): Job {
  try {
    const workflows = readWorkflowFile(file);
    const definitions = workflows.map((json) => checked(parseWorkflow(json), catalog));
    const [main] = definitions;
    if (main === undefined) return { file, kind: 'refused', error: workflowErrors.TRIGGER_MISSING({ workflow: file }) };
    const trigger = findTrigger(main, (node) => catalog.facts(node), 'cli', wanted);
    return { file, kind: 'ready', workflows, trigger, items: itemsFor(trigger, items) };
  } catch (error) {
    if (error instanceof TroupeError) return { file, kind: 'refused', error };
    throw error;
  }
}

function checked(definition: WorkflowDefinition, catalog: CliPorts['catalog']): WorkflowDefinition {
  const versions = new Map(catalog.all().map((type) => [type.type, type.versions]));
  const issues = validateWorkflow(
    definition,
    (node) => catalog.facts(node),
    (type) => versions.get(type),
  ).filter((issue) => issue.level === 'error');
  if (issues.length > 0) throw workflowErrors.WORKFLOW_INVALID({ issues });
  return definition;
}

/** Runs the ready jobs, a few at a time; a signal cancels what is under way and starts nothing more. */
async function perform(
  member: Member,
  terminal: Terminal,
  jobs: readonly Job[],
  options: RunOptions,
  ended: (result: Ended) => void,
): Promise<void> {
  const names = new Map<string, string>();
  const unwatch = terminal.watched ? member.watch(progressTree(terminal, names)) : undefined;
  const queue = jobs.filter((job) => job.kind === 'ready');
  // All are stored before the first one starts, so that files can call each other as sub-workflows.
  const stored = new Map<Job, Stored>();
  for (const job of queue) stored.set(job, await store(member, job));
  const stopListening = stopOnSignal(terminal, (signal) => {
    queue.length = 0;
    for (const id of names.keys()) void member.engine.cancel(id, `stopped by ${signal}`);
  });
  const lane = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const place = stored.get(job);
      if (place !== undefined) ended(await performOne(member, terminal, job, place, options, names));
    }
  };
  try {
    await Promise.all(Array.from({ length: RUNS_AT_A_TIME }, lane));
  } finally {
    stopListening();
    unwatch?.();
  }
}

interface Stored {
  id: string;
  version: number;
}
type ReadyJob = Extract<Job, { kind: 'ready' }>;

/** Stores all workflows of a file; gives the place of the first, which is the one that runs. */
async function store(member: Member, job: ReadyJob): Promise<Stored> {
  const places: Stored[] = [];
  for (const json of job.workflows) places.push(await member.workflows.save(json));
  return places[0] ?? { id: '', version: 1 };
}

async function performOne(
  member: Member,
  terminal: Terminal,
  job: ReadyJob,
  place: Stored,
  options: RunOptions,
  names: Map<string, string>,
): Promise<Ended> {
  const { engine } = member;
  try {
    const workflow = parseWorkflow(job.workflows[0], { id: place.id });
    const handle = engine.start({
      workflow,
      workflowVersion: place.version,
      mode: 'cli',
      trigger: job.trigger.name,
      items: structuredClone(job.items),
      acceptEarly: false,
    });
    names.set(handle.executionId, job.file);
    return {
      job,
      report: await withinTime(terminal, options, handle, (why) => engine.cancel(handle.executionId, why)),
    };
  } catch (error) {
    if (error instanceof TroupeError) return { job, error };
    throw error;
  }
}

/** The run's end; a run that takes too long is canceled and reported as it then is. */
async function withinTime(
  terminal: Terminal,
  { timeoutSeconds }: RunOptions,
  handle: RunHandle,
  cancel: (why: string) => Promise<unknown>,
): Promise<RunReport> {
  if (timeoutSeconds === undefined) return handle.ended;
  const late = (): void => void cancel(`over the time limit of ${timeoutSeconds} s (--timeout)`);
  const disarm = terminal.after(timeoutSeconds * 1000, late);
  try {
    return await handle.ended;
  } finally {
    disarm();
  }
}

function textOf(ended: Ended, output: RunOptions['output']): string {
  const { file } = ended.job;
  if (output === 'pretty') return 'report' in ended ? pretty(file, ended.report) : '';
  const json = 'report' in ended ? runJson(file, ended.report) : refusedJson(file, ended.error);
  return `${JSON.stringify(json)}\n`;
}

/** Hands results on in the order of the jobs, each as soon as those before it are there. */
function inOrder(jobs: readonly Job[], print: (ended: Ended) => void): (ended: Ended) => void {
  const arrived = new Map<Job, Ended>();
  let next = 0;
  return (ended) => {
    arrived.set(ended.job, ended);
    for (let job = jobs[next]; job !== undefined; job = jobs[next]) {
      const result = arrived.get(job);
      if (result === undefined) return;
      arrived.delete(job);
      next += 1;
      print(result);
    }
  };
}
