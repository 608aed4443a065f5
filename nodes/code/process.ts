import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';

import { TroupeError } from '#workflow';
import type { JsonValue } from '#workflow';
import type { CodeJob, CodeOutcome } from '#runtime';

import { containment } from './containment.ts';
import type { ContainmentLayer } from './containment.ts';
import { readEnvelope } from './envelope.ts';
import { errors } from './errors.ts';
import { FRAME_BODY_BYTES, RUNNER_GRACE_MS, RUNNER_START_MS, RUNNER_STDERR_BYTES } from './limits.ts';
import { decoder, encode } from './runner/frames.js';
import type { Head } from './runner/frames.js';

/** One runner process. It performs one job at a time; whoever owns it replaces it when it is gone. */
export interface RunnerProcess {
  /** Resolves when the first job would start at once; rejects with CODE_RUNNER_LOST when it never will. */
  readonly ready: Promise<void>;
  /** Undefined until the process exists. */
  readonly pid: number | undefined;
  readonly busy: boolean;
  /** Layers between the process and the system; empty until it is ready. */
  readonly layers: readonly ContainmentLayer[];
  /**
   * Performs a job. Rejects with CODE_RUNNER_LOST when the process ends first (the job may be given to another one),
   * with CODE_TIMEOUT, CODE_MEMORY or CODE_RESULT_TOO_LARGE when the job broke a limit.
   */
  run(job: CodeJob): Promise<CodeOutcome>;
  /** Calls back once, when the process is gone, with the cause in words. */
  onExit(callback: (reason: string) => void): void;
  /** Ends the process at once. */
  kill(reason?: string): void;
  /** True when a run broke a limit: the process should not be used again. */
  readonly spoiled: boolean;
}

/** What one run waits for. */
interface Flight {
  readonly run: number;
  readonly nonce: string;
  readonly job: CodeJob;
  settle(outcome: CodeOutcome): void;
  fail(error: unknown): void;
  overdue: NodeJS.Timeout | undefined;
}

/** Starts a runner process behind as many layers of containment as this system allows. */
export function startRunner(): RunnerProcess {
  return new Runner();
}

class Runner implements RunnerProcess {
  readonly ready: Promise<void>;
  layers: readonly ContainmentLayer[] = [];
  spoiled = false;
  #child: ChildProcessWithoutNullStreams | undefined;
  #flight: Flight | undefined;
  #runs = 0;
  #isReady = false;
  #gone: string | undefined;
  #killed: string | undefined;
  #stderr = '';
  #exits: ((reason: string) => void)[] = [];
  #becameReady: () => void = () => {};
  #neverReady: (error: unknown) => void = () => {};
  readonly #late: NodeJS.Timeout;

  constructor() {
    this.ready = new Promise((resolve, reject) => {
      this.#becameReady = resolve;
      this.#neverReady = reject;
    });
    this.ready.catch(() => {});
    this.#late = setTimeout(() => this.kill('did not become ready in time'), RUNNER_START_MS);
    this.#start().catch((error: unknown) => this.#exited(error instanceof Error ? error.message : String(error)));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get busy(): boolean {
    return this.#flight !== undefined;
  }

  async #start(): Promise<void> {
    const { command, layers } = await containment();
    if (this.#killed !== undefined) return this.#exited(this.#killed);
    this.layers = layers;
    const [program = '', ...args] = command;
    const zone = process.env['TZ'];
    const child = spawn(program, args, {
      env: zone === undefined ? {} : { TZ: zone },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.on(
      'data',
      decoder(
        FRAME_BODY_BYTES,
        (head, parts) => this.#received(head, parts),
        (why) => this.kill(why),
      ),
    );
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('latin1')).slice(-RUNNER_STDERR_BYTES);
    });
    // A dead child's pipe: its exit says the same with more words.
    child.stdin.on('error', () => {});
    child.once('error', (error) => this.#exited(error.message));
    child.once('exit', (code, signal) => this.#exited(this.#killed ?? causeOf(code, signal, this.#stderr)));
  }

  onExit(callback: (reason: string) => void): void {
    if (this.#gone === undefined) this.#exits.push(callback);
    else callback(this.#gone);
  }

  kill(reason = 'stopped'): void {
    this.#killed ??= reason;
    this.#child?.kill('SIGKILL');
  }

  async run(job: CodeJob): Promise<CodeOutcome> {
    await this.ready;
    if (this.#gone !== undefined) throw errors.CODE_RUNNER_LOST({ reason: this.#gone, ready: true });
    const { promise, resolve, reject } = Promise.withResolvers<CodeOutcome>();
    const flight: Flight = {
      run: ++this.#runs,
      nonce: randomBytes(16).toString('hex'),
      job,
      settle: resolve,
      fail: reject,
      overdue: undefined,
    };
    this.#flight = flight;
    const overdueMs = 2 * job.timeoutMs + RUNNER_GRACE_MS;
    flight.overdue = setTimeout(() => {
      this.#land(() => reject(errors.CODE_TIMEOUT({ seconds: job.timeoutMs / 1000 })));
      this.spoiled = true;
      this.kill('did not stop at twice its time limit');
    }, overdueMs);
    const { run, nonce } = flight;
    this.#send(
      { kind: 'run', run, nonce, mode: job.mode, timeoutMs: job.timeoutMs, memoryMb: job.memoryMb },
      partsOf(job),
    );
    return promise;
  }

  #send(head: Head, parts: readonly string[]): void {
    const stdin = this.#child?.stdin;
    const pieces = encode(head, parts);
    if (pieces.reduce((sum, piece) => sum + piece.length, 0) > FRAME_BODY_BYTES) {
      const flight = this.#flight;
      this.#land(() => flight?.fail(errors.CODE_RESULT_TOO_LARGE({ bytes: FRAME_BODY_BYTES })));
      return;
    }
    stdin?.cork();
    for (const piece of pieces) stdin?.write(piece);
    stdin?.uncork();
  }

  #received(head: Head, parts: string[]): void {
    if (head.kind === 'ready') {
      this.#isReady = true;
      this.layers = asSeenInside(this.layers, head['containment']);
      clearTimeout(this.#late);
      this.#becameReady();
      return;
    }
    const flight = this.#flight;
    // Only the run in flight, with its own nonce, may speak.
    if (!flight || head['run'] !== flight.run || head['nonce'] !== flight.nonce) return this.kill('spoke out of turn');
    if (head.kind === 'call') return this.#called(flight, head, parts[0] ?? 'null');
    if (head.kind !== 'result') return this.kill('sent a frame of an unknown kind');
    if (head['aborted'] === true) this.spoiled = true;
    const answer = readEnvelope(parts[0] ?? '', flight.job);
    this.#land(() => (answer instanceof TroupeError ? flight.fail(answer) : flight.settle(answer)));
  }

  /** User code asks for something of the outside; only what the job allows is done. */
  #called(flight: Flight, head: Head, argument: string): void {
    const { run, nonce, job } = flight;
    const reply = (ok: boolean, value: JsonValue): void => {
      if (this.#flight === flight)
        this.#send({ kind: 'reply', run, nonce, call: head['call'], ok }, [JSON.stringify(value ?? null)]);
    };
    const name = String(head['name']);
    const failed = (error: unknown): void =>
      reply(false, { message: error instanceof Error ? error.message : String(error) });
    if (!job.call) return failed(errors.CODE_CALL_REFUSED({ name }));
    let parsed: JsonValue;
    try {
      parsed = JSON.parse(argument) as JsonValue; // JSON.parse gives a JsonValue by definition
    } catch (error) {
      return failed(error);
    }
    job.call(name, parsed).then((value) => reply(true, value), failed);
  }

  /** Ends the run in flight. */
  #land(settle: () => void): void {
    clearTimeout(this.#flight?.overdue);
    this.#flight = undefined;
    settle();
  }

  #exited(reason: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    clearTimeout(this.#late);
    const lost = errors.CODE_RUNNER_LOST({ reason, ready: this.#isReady });
    this.#neverReady(lost);
    const flight = this.#flight;
    if (flight) this.#land(() => flight.fail(lost));
    for (const callback of this.#exits.splice(0)) callback(reason);
  }
}

function causeOf(code: number | null, signal: string | null, stderr: string): string {
  const end = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const words = /FATAL ERROR: ([^\n]{1,200})|Error: ([^\n]{1,200})/.exec(stderr);
  return words ? `${end}: ${words[1] ?? words[2]}` : end;
}

/** What the process itself could still do when it tried outweighs what the command line promised. */
function asSeenInside(layers: readonly ContainmentLayer[], seen: unknown): readonly ContainmentLayer[] {
  if (typeof seen !== 'object' || seen === null) return layers;
  const facts = new Map<string, unknown>(Object.entries(seen));
  const broken = (layer: ContainmentLayer): boolean =>
    (layer.name === 'files' && (facts.get('filesReadable') === true || facts.get('permission') !== true)) ||
    (layer.name === 'environment' && facts.get('environment') !== 0);
  return layers.map((layer) =>
    broken(layer) ? { ...layer, active: false, detail: 'not in force in the runner' } : layer,
  );
}

const texts = new WeakMap<CodeJob, string[]>();

/** The parts of a job as JSON text; kept, because a job that lost its runner is sent again. */
function partsOf(job: CodeJob): string[] {
  let parts = texts.get(job);
  if (!parts) texts.set(job, (parts = [job.source, JSON.stringify(job.scene), JSON.stringify(job.items)]));
  return parts;
}
