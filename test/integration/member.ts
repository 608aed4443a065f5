import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import type { FaultHook } from '#actors';
import { loadConfig, type Member } from '#cli';
import type { JsonObject } from '#workflow';
import { startMember } from '../../main.ts';
import { root } from '../house/sources.ts';
import { until } from '../until.ts';

export { until };

/** API key of the owner of every member that these tests start. */
export const API_KEY = 'integration-0123456789abcdef';
/** For `after` hooks: one that hangs fails its file. Long enough for several members to stop one after the other. */
export const END_OF_FILE = { timeout: 100_000 } as const;
const READY_MS_MOST = 60_000;
const END_MS_MOST = 20_000;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body read as JSON; an empty object when it is none. */
  json: JsonObject;
}

/** HTTP as the owner, against a member in this process or in another. */
export class Caller {
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.base + path, {
      method,
      headers: {
        'x-n8n-api-key': API_KEY,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: asObject(text) };
  }

  /** As {@link ask}, for calls that must succeed. */
  async must(method: string, path: string, body?: unknown): Promise<JsonObject> {
    const { status, text, json } = await this.ask(method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${text.slice(0, 2000)}`);
    return json;
  }

  /** Stores a workflow and gives its id. */
  async store(workflow: object): Promise<string> {
    return textOf((await this.must('POST', '/api/v1/workflows', workflow))['id']);
  }

  /** Stores and activates a workflow. */
  async activate(workflow: object): Promise<string> {
    const id = await this.store(workflow);
    await this.must('POST', `/api/v1/workflows/${id}/activate`);
    return id;
  }

  /** Starts a stored workflow without waiting for its end. */
  async execute(workflowId: string, body: object = {}): Promise<string> {
    return textOf((await this.must('POST', `/api/v1/workflows/${workflowId}/execute`, body))['executionId']);
  }

  /** Starts a stored workflow and gives its run data. */
  run(workflowId: string, body: object = {}): Promise<JsonObject> {
    return this.must('POST', `/api/v1/workflows/${workflowId}/execute`, { ...body, wait: true });
  }

  /** An execution with its data, once its status is one of these. */
  async settled(executionId: string, ...statuses: string[]): Promise<JsonObject> {
    const wanted = statuses.length > 0 ? statuses : ['success', 'error', 'canceled'];
    return until(`execution ${executionId} is ${wanted.join(' or ')}`, async () => {
      const row = await this.must('GET', `/api/v1/executions/${executionId}?includeData=true`);
      return wanted.includes(textOf(row['status'])) ? row : undefined;
    });
  }

  /** All committed events of an execution. */
  async journal(executionId: string): Promise<JsonObject[]> {
    return list((await this.must('GET', `/api/v1/executions/${executionId}/journal?limit=1000`))['data']);
  }

  /** Executions of a workflow, oldest first. */
  async executionsOf(workflowId: string): Promise<JsonObject[]> {
    return list((await this.must('GET', `/api/v1/executions?workflowId=${workflowId}&limit=250`))['data']).reverse();
  }
}

/** A member in this process. */
export interface TestMember extends Caller {
  readonly member: Member;
  stop(): Promise<void>;
}

/** Starts a member in this process on a free port; without `dataDir` its data are gone afterwards. */
export async function inProcess(options: { dataDir?: string; faults?: FaultHook } = {}): Promise<TestMember> {
  const config = loadConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    TROUPE_API_KEY: API_KEY,
    ...(options.dataDir !== undefined && { TROUPE_DATA_DIR: options.dataDir }),
  });
  const member = await startMember({ config, http: true, throwAway: options.dataDir === undefined }, options.faults);
  const caller = new Caller(member.address ?? '');
  return Object.assign(caller, { member, stop: () => member.stop() });
}

/** A member as a process of its own. */
export interface MemberProcess extends Caller {
  readonly child: ChildProcess;
  /**
   * Sends the signal and resolves with the exit code when the process is gone; fails, after a SIGKILL, when it does not
   * go within END_MS_MOST.
   */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

/** `troupe start` on a data directory; resolves when it says that it is ready. */
export async function asProcess(dataDir: string, env: Record<string, string> = {}): Promise<MemberProcess> {
  const child = spawn(process.execPath, [join(root, 'bin', 'troupe.js'), 'start', '--port', '0'], {
    cwd: root,
    env: { ...process.env, TROUPE_DATA_DIR: dataDir, TROUPE_API_KEY: API_KEY, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise: ended, resolve: endedWith } = Promise.withResolvers<number | null>();
  child.once('close', endedWith);
  let [said, complained] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complained = (complained + chunk).slice(-4000)));
  const { promise: address, resolve, reject } = Promise.withResolvers<string>();
  const late = { failed: false };
  const unready = setTimeout(() => reject(new Error(`not ready in time: ${complained}`)), READY_MS_MOST);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    const found = /ready: (http:\/\/\S+)/.exec(said)?.[1];
    if (found !== undefined) resolve(found);
  });
  void ended.then((code) => reject(new Error(`ended with ${code}: ${complained}`)));
  try {
    const caller = new Caller(await address);
    const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
      child.kill(signal);
      const left = setTimeout(() => {
        complained += `\nit did not end within ${END_MS_MOST} ms after ${signal}`;
        late.failed = true;
        child.kill('SIGKILL');
        // What it started may hold its output open; that must not hold us.
        endedWith(null);
      }, END_MS_MOST);
      const code = await ended;
      clearTimeout(left);
      assert.ok(!late.failed, complained);
      return code;
    };
    return Object.assign(caller, { child, end });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(unready);
  }
}

/** The value as text; anything else fails the test. */
export function textOf(value: unknown): string {
  assert.ok(typeof value === 'string', `not a text: ${JSON.stringify(value)}`);
  return value;
}

/** The value as a list of objects; anything else fails the test. */
export function list(value: unknown): JsonObject[] {
  assert.ok(Array.isArray(value), `not a list: ${JSON.stringify(value)}`);
  return value.map(object);
}

/** The value as an object; anything else fails the test. */
export function object(value: unknown): JsonObject {
  assert.ok(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    `no object: ${JSON.stringify(value)}`,
  );
  return value as JsonObject; // checked in the line above
}

/** A place deep inside JSON, by keys and indexes; undefined where there is none. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
}

/** `json` of the items that a node gave at output 0, of its newest run. */
export function itemsOf(runData: unknown, node: string): JsonObject[] {
  const runs = list(at(runData, 'data', 'resultData', 'runData', node));
  return list(at(runs.at(-1), 'data', 'main', 0)).map((item) => object(item['json']));
}

function asObject(text: string): JsonObject {
  try {
    return object(JSON.parse(text));
  } catch {
    return {};
  }
}
