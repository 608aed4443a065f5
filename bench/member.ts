import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BenchFailure, ended } from './processes.ts';

const API_KEY = 'bench-0123456789abcdef';
const START_MS_MOST = 60_000;
const PROBE_EVERY_MS = 10;

/** `troupe start` as a real process, and what the benchmark asks it over HTTP. */
export class BenchMember {
  readonly base: string;
  /** From the start of the process to the first 200 of /ready. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, base: string, startMs: number) {
    this.#child = child;
    this.base = base;
    this.startMs = startMs;
  }

  /** `nodeFlags`: of the member's process, such as `--cpu-prof`. */
  static async start(dataDir: string, nodeFlags: readonly string[] = []): Promise<BenchMember> {
    const port = await freePort();
    const began = performance.now();
    const program = fileURLToPath(new URL('../bin/troupe.js', import.meta.url));
    const child = spawn(
      process.execPath,
      [...nodeFlags, program, 'start', '--port', String(port), '--data-dir', dataDir],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, TROUPE_API_KEY: API_KEY, LOG_LEVEL: 'warn' },
      },
    );
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-4000)));
    const base = `http://127.0.0.1:${port}`;
    while (!(await answers(`${base}/ready`))) {
      if (child.exitCode !== null) throw new BenchFailure(`troupe start ended with ${child.exitCode}: ${said}`);
      if (performance.now() - began > START_MS_MOST) throw new BenchFailure(`not ready in time: ${said}`);
      await pause(PROBE_EVERY_MS);
    }
    return new BenchMember(child, base, Math.round(performance.now() - began));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Stores and activates a workflow. */
  async activate(workflow: object): Promise<void> {
    const { id } = await this.#call<{ id: string }>('POST', '/api/v1/workflows', workflow);
    await this.#call('POST', `/api/v1/workflows/${id}/activate`);
  }

  /** Sum of all samples of a metric whose labels match. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.base}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(name) && /[ {]/.test(line.charAt(name.length)) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  stop(): Promise<void> {
    return ended(this.#child, 'SIGTERM');
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.base + path, {
      method,
      headers: { 'x-n8n-api-key': API_KEY, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new BenchFailure(`${method} ${path}: ${response.status} ${text.slice(0, 2000)}`);
    return JSON.parse(text);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}
