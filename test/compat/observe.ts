import type { RunReport } from '#actors';
import type { BinaryStore } from '#runtime';
import type { Item, NodeRun } from '#workflow';
import type { ObservedExecution } from './compare.ts';

/** A report in the shape of the records: files as base64 in their items, runs without data as null. */
export async function observed(report: RunReport, binary: BinaryStore): Promise<ObservedExecution> {
  const runs: [string, (unknown[][] | null)[]][] = [];
  const order: { name: string; index: number }[] = [];
  for (const [name, nodeRuns] of report.runData) {
    order.push(...nodeRuns.map(({ executionIndex }) => ({ name, index: executionIndex })));
    runs.push([name, await Promise.all(nodeRuns.map((run) => outputsOf(run, binary)))]);
  }
  return {
    status: report.status,
    ...(report.error && { error: { message: report.error.message } }),
    order: order.toSorted((a, b) => a.index - b.index).map(({ name }) => name),
    runs: Object.fromEntries(runs),
  };
}

async function outputsOf(run: NodeRun, binary: BinaryStore): Promise<unknown[][] | null> {
  if (run.outputs === undefined) return null;
  return Promise.all(run.outputs.map((items) => Promise.all((items ?? []).map((item) => withContent(item, binary)))));
}

async function withContent(item: Item, store: BinaryStore): Promise<unknown> {
  if (item.binary === undefined) return item;
  const files = Object.entries(item.binary).map(async ([name, file]): Promise<[string, unknown]> => {
    const { id: _id, ...shown } = file;
    return [name, { ...shown, data: Buffer.from(await store.read(file)).toString('base64') }];
  });
  return { ...item, binary: Object.fromEntries(await Promise.all(files)) };
}
