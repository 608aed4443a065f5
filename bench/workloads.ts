import { setTimeout as pause } from 'node:timers/promises';
import type { LoadResult } from './load.ts';
import type { BenchMember } from './member.ts';
import { BenchFailure, generateLoad } from './processes.ts';
import { fiveCalls, manyItems, oneCode, oneSet, tenNodes } from './workflows.ts';

/** One figure of one round, with all that was seen. */
export interface Round {
  value: number;
  load: LoadResult;
}

export interface Workload {
  name: string;
  what: string;
  unit: 'executions/s' | 'ms' | 'ms p99';
  /** Stores and activates the workflow. */
  prepare(member: BenchMember, stubPort: number): Promise<void>;
  round(member: BenchMember, seconds: number): Promise<Round>;
}

const CONNECTIONS = 64;
/** Connections at which the latency of W1 is measured. */
const CONNECTIONS_LATENCY = 16;
/** Items of W5. */
const ITEMS = 10_000;
/** W4: how long the executions that were accepted may take to end. */
const DRAIN_SECONDS_MOST = 120;
const BODY = JSON.stringify({ name: 'Ada' });

function call(member: BenchMember, path: string, connections: number, seconds: number): Promise<LoadResult> {
  const url = `${member.base}/webhook/${path}`;
  return generateLoad({ url, method: 'POST', body: BODY, connections, seconds });
}

function throughput(name: string, what: string, workflow: (path: string, stubPort: number) => object): Workload {
  const path = `bench-${name.toLowerCase()}`;
  return {
    name,
    what,
    unit: 'executions/s',
    prepare: (member, stubPort) => member.activate(workflow(path, stubPort)),
    async round(member, seconds) {
      const load = await call(member, path, CONNECTIONS, seconds);
      return { value: load.perSecond, load };
    },
  };
}

/** W4: what counts is not the answer but the end of each execution. */
const onReceipt: Workload = {
  name: 'W4',
  what: 'webhook → Set, answered on receipt, completions counted',
  unit: 'executions/s',
  prepare: (member) => member.activate(oneSet('bench-w4', 'onReceived')),
  async round(member, seconds) {
    const completed = (): Promise<number> => member.metric('execution_status_total', 'status="success"');
    const before = await completed();
    const began = performance.now();
    const load = await call(member, 'bench-w4', CONNECTIONS, seconds);
    let done = (await completed()) - before;
    while (done < load.answered) {
      const waited = (performance.now() - began) / 1000;
      if (waited > seconds + DRAIN_SECONDS_MOST) throw new BenchFailure(`W4: ${done} of ${load.answered} ended`);
      await pause(20);
      done = (await completed()) - before;
    }
    return { value: (done / (performance.now() - began)) * 1000, load };
  },
};

const latency: Workload = {
  name: 'W1 p99',
  what: `W1 at ${CONNECTIONS_LATENCY} connections, slowest of a hundred`,
  unit: 'ms p99',
  prepare: (member) => member.activate(oneSet('bench-w1-p99', 'lastNode')),
  async round(member, seconds) {
    const load = await call(member, 'bench-w1-p99', CONNECTIONS_LATENCY, seconds);
    return { value: load.latency.p99, load };
  },
};

const bulk: Workload = {
  name: 'W5',
  what: `${ITEMS} items: Code → IF → Set with five expressions → Aggregate, one execution`,
  unit: 'ms',
  prepare: (member) => member.activate(manyItems('bench-w5', ITEMS)),
  async round(member, seconds) {
    const load = await call(member, 'bench-w5', 1, seconds);
    return { value: load.latency.p50, load };
  },
};

/** In the order in which they run. */
export const workloads: readonly Workload[] = [
  throughput('W1', 'webhook → Set → answer at the last node', (path) => oneSet(path, 'lastNode')),
  latency,
  throughput('W2', 'webhook → ten data nodes → answer', tenNodes),
  throughput('W3', 'webhook → one Code node → answer', oneCode),
  onReceipt,
  bulk,
  throughput('W6', 'webhook → five HTTP calls → answer', fiveCalls),
];
