import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, lstatSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

const API_KEY = 'recovery-0123456789abcdef';
const READY_MS_MOST = 30_000;
const STOP_MS_MOST = 20_000;
const CALL_MS_MOST = 8_000;
const PROBE_EVERY_MS = 15;
const LOG_CHARACTERS_SHOWN = 3_000;

/** Something of the test itself did not work; never used for what the audit finds. */
export class SiteFailure extends Error {}

/** A data directory with its member process and the PostgreSQL that the member started: what is killed and restarted. */
export class Site {
  readonly dataDir: string;
  readonly base: string;
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.dataDir = join(folder, 'data');
    this.#port = port;
    this.base = `http://127.0.0.1:${port}`;
  }

  static async open(): Promise<Site> {
    return new Site(mkdtempSync(join(tmpdir(), 'troupe-recovery-')), await freePort());
  }

  /** Starts the member process; `fault` is a point at which it kills itself, as `commit.before#3`. */
  start(fault?: string): void {
    const file = join(import.meta.dirname, 'member.ts');
    const args = [file, '--data-dir', this.dataDir, '--port', String(this.#port)];
    if (fault !== undefined) args.push('--fault', fault);
    const log = openSync(join(this.#folder, 'member.log'), 'a');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      stdio: ['ignore', log, log],
      env: { ...cleanEnvironment(), TROUPE_API_KEY: API_KEY, LOG_LEVEL: 'warn' },
    });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** True while the member process runs. */
  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until the member says that it takes work; false when its process ended before. */
  async ready(): Promise<boolean> {
    const until = performance.now() + READY_MS_MOST;
    while (this.alive) {
      if ((await this.call('GET', '/ready')).ok) return true;
      if (performance.now() > until) throw new SiteFailure(`not ready in ${READY_MS_MOST} ms: ${this.lastWords()}`);
      await pause(PROBE_EVERY_MS);
    }
    return false;
  }

  /** Kills the member by SIGKILL and waits until its process is gone. PostgreSQL is left as it is. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Waits until the process ends by itself (a fault); false when it has not after `ms`. */
  async died(ms: number): Promise<boolean> {
    return Promise.race([this.#ended.then(() => true), pause(ms, false, { ref: false })]);
  }

  /** Signals PostgreSQL's first process; false when none runs at this moment. */
  signalPostgres(signal: 'SIGKILL' | 'SIGQUIT'): boolean {
    const pid = this.#postmaster();
    if (pid === undefined) return false;
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  }

  /** One HTTP call with the owner's key. Status 0: no answer. */
  async call(method: string, path: string, body?: object): Promise<{ ok: boolean; status: number; text: string }> {
    try {
      const response = await fetch(this.base + path, {
        method,
        headers: { 'x-n8n-api-key': API_KEY, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_MS_MOST),
      });
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch {
      return { ok: false, status: 0, text: '' };
    }
  }

  /** The same for calls that must succeed: while nothing is being killed. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const { ok, status, text } = await this.call(method, path, body);
    if (!ok) throw new SiteFailure(`${method} ${path}: ${status} ${text.slice(0, 500)} ${this.lastWords()}`);
    return JSON.parse(text);
  }

  lastWords(): string {
    return readFileSync(join(this.#folder, 'member.log'), 'utf8').slice(-LOG_CHARACTERS_SHOWN);
  }

  /** Stops the member as a user would; answers its exit code, or what went wrong. */
  async stop(): Promise<number | string> {
    const child = this.#child;
    if (!child || !this.alive) return 'it was not running';
    child.kill('SIGTERM');
    if (!(await this.died(STOP_MS_MOST))) return `it did not stop in ${STOP_MS_MOST} ms`;
    return child.exitCode ?? `ended by ${child.signalCode}`;
  }

  /** Ends everything, however it stands, and removes the data. */
  async remove(): Promise<void> {
    await this.kill();
    this.signalPostgres('SIGQUIT');
    for (let left = 200; this.#postmaster() !== undefined && left > 0; left -= 1) await pause(PROBE_EVERY_MS);
    for (const path of [...this.#elsewhere(), this.#folder]) {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }

  /** As root the server's data lies where its user may go, behind a link. */
  #elsewhere(): string[] {
    const link = join(this.dataDir, 'postgres');
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return [];
    const real = readlinkSync(link);
    return [real, `${real}.socket`];
  }

  #postmaster(): number | undefined {
    try {
      const [first] = readFileSync(join(this.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
      const pid = Number(first);
      return isPostgres(pid) ? pid : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Numbers are used again: never signal another program. */
function isPostgres(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 2) return false;
  if (process.platform !== 'linux') return true;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return /\(postgres/.test(stat) && stat.slice(stat.lastIndexOf(')') + 2).charAt(0) !== 'Z';
}

/** What the shell of the caller holds for a member of its own must not reach this one. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(?:TROUPE_|DATABASE_URL|AMQP_URL|CONSUL_HTTP_ADDR|NODE_TEST_CONTEXT|HOST$|PORT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}
