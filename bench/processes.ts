import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from './load.ts';

const FLAGS = ['--disable-warning=ExperimentalWarning'];
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Something of the benchmark ended in a way it should not; its last words are the message. */
export class BenchFailure extends Error {}

/** Runs the load generator to its end. */
export async function generateLoad(options: LoadOptions): Promise<LoadResult> {
  const child = spawn(process.execPath, [...FLAGS, fileOf('load.ts'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new BenchFailure(`the load generator ended with ${code}`);
  return JSON.parse(output);
}

/** A server of ours that prints its port as the first line. */
export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts `bench/stub.ts` or another file here that prints its port. */
export async function startServer(file: string, args: readonly string[] = []): Promise<Server> {
  const child = spawn(process.execPath, [...FLAGS, fileOf(file), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await firstLine(child));
  return { port, stop: () => ended(child, 'SIGTERM') };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let output = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    const end = output.indexOf('\n');
    if (end >= 0) resolve(output.slice(0, end));
  });
  child.once('exit', (code) => reject(new BenchFailure(`ended with ${code} before it was up`)));
  return promise;
}

/** Sends the signal and waits for the end. */
export function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill(signal);
  return promise;
}

/** Resident memory of a process in MB, from /proc; undefined where there is none. */
export function residentMb(pid: number | undefined): number | undefined {
  try {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? undefined : Math.round(Number(kb) / 102.4) / 10;
  } catch {
    return undefined;
  }
}
