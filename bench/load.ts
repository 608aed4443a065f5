/**
 * The load generator, a process of its own: calls one address over so many keep-alive connections for so long, and
 * prints what it saw as JSON. `node bench/load.ts '{"url":…,"connections":64,"seconds":5}'`
 */
import process from 'node:process';
import { Connection, requestBytes } from './http-client.ts';
import { percentile } from './statistics.ts';

export interface LoadOptions {
  url: string;
  method: string;
  body?: string;
  connections: number;
  seconds: number;
}

export interface LoadResult {
  /** Calls answered with 2xx within the time. */
  answered: number;
  /** Calls answered with anything else, or not at all. */
  failed: number;
  /** Status codes that were not 2xx, with how often; 0 = the connection broke. */
  failures: Record<string, number>;
  seconds: number;
  perSecond: number;
  /** Milliseconds. */
  latency: { p50: number; p90: number; p99: number; most: number };
}

/** A connection that broke is opened again after this. */
const REOPEN_MS = 20;

async function load(options: LoadOptions): Promise<LoadResult> {
  const url = new URL(options.url);
  const request = requestBytes(url, options.method, {}, options.body);
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  const start = performance.now();
  const end = start + options.seconds * 1000;
  const lane = async (): Promise<void> => {
    let connection = new Connection(url.hostname, Number(url.port));
    while (performance.now() < end) {
      const began = performance.now();
      const status = await connection.call(request).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status >= 200 && status < 300) latencies.push(performance.now() - began);
      else failures[status] = (failures[status] ?? 0) + 1;
      if (status !== 0) continue;
      connection.close();
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
      connection = new Connection(url.hostname, Number(url.port));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: options.connections }, lane));
  return summary(latencies, failures, (performance.now() - start) / 1000);
}

function summary(latencies: number[], failures: Record<string, number>, seconds: number): LoadResult {
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => round(percentile(latencies, share));
  return {
    answered: latencies.length,
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    failures,
    seconds: round(seconds),
    perSecond: round(latencies.length / seconds),
    latency: { p50: at(0.5), p90: at(0.9), p99: at(0.99), most: round(latencies.at(-1) ?? 0) },
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

const options: LoadOptions = JSON.parse(process.argv[2] ?? '');
process.stdout.write(`${JSON.stringify(await load(options))}\n`);
