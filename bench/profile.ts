/**
 * `npm run profile -- [W1|W2] [--seconds 8]`: where the time of one execution goes. Loads a member that runs under the
 * CPU profiler and prints the event loop's microseconds per execution, by part. Start-up and idle time stand apart.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { BenchMember } from './member.ts';
import { BenchFailure, generateLoad } from './processes.ts';
import { oneSet, tenNodes } from './workflows.ts';

/** What `--cpu-prof` writes; times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Parts by the place of the code; the first that matches counts. */
const PARTS: readonly [part: string, place: RegExp][] = [
  ['idle', /^\(idle\)/],
  ['garbage collection', /^\(garbage/],
  ['actors: executions, nodes, shards', /\/actors\//],
  ['runtime: mailboxes, committer', /\/runtime\//],
  ['nact', /node_modules\/nact/],
  ['workflow: order, state, expressions', /\/workflow\/|node_modules\/(acorn|luxon)/],
  ['nodes: what the nodes do', /\/nodes\//],
  ['storage: packing and columns', /\/storage\//],
  ['compression', /zlib/],
  ['pg and its protocol', /node_modules\/pg/],
  ['api: webhooks and metrics', /\/api\/|\/transport\/|node_modules\/(fastify|prom-client)/],
  [
    'start-up: loading code',
    /modules\/|amaro|compileSourceText|wrapSafe|readFileUtf8|internalModuleStat|wasm|ajv|mikro/,
  ],
  ['Node: HTTP, sockets, timers', /^/],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '8' } },
});
const [name = 'W1'] = positionals;
const seconds = Number(values.seconds);
const dir = mkdtempSync(join(tmpdir(), 'troupe-profile-'));
try {
  const executions = await loaded();
  print(executions);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** Runs the load under the profiler; returns how many executions there were. */
async function loaded(): Promise<number> {
  const flags = ['--cpu-prof', `--cpu-prof-dir=${join(dir, 'profile')}`];
  const member = await BenchMember.start(join(dir, 'data'), flags);
  await member.activate(name === 'W2' ? tenNodes('profiled') : oneSet('profiled', 'lastNode'));
  const url = `${member.base}/webhook/profiled`;
  const result = await generateLoad({ url, method: 'POST', body: '{"name":"Ada"}', connections: 64, seconds });
  await member.stop();
  process.stdout.write(`${name}: ${Math.round(result.perSecond)} executions/s under the profiler\n`);
  return result.answered;
}

function print(executions: number): void {
  // Runner processes and workers write profiles of their own; the member's is the longest.
  const files = readdirSync(join(dir, 'profile')).map((file) => readFileSync(join(dir, 'profile', file), 'utf8'));
  const longest = files.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) throw new BenchFailure('the profiler wrote nothing');
  const profile: CpuProfile = JSON.parse(longest);
  const partOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, part(callFrame)]));
  const spent = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const of = partOf.get(id) ?? '';
    spent.set(of, (spent.get(of) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  process.stdout.write('| part | µs per execution |\n|---|---:|\n');
  for (const [of, micros] of [...spent].sort((a, b) => b[1] - a[1])) {
    process.stdout.write(`| ${of} | ${(micros / executions).toFixed(1)} |\n`);
  }
}

function part({ functionName, url }: { functionName: string; url: string }): string {
  const place = url === '' ? functionName : `${url} ${functionName}`;
  return PARTS.find(([, pattern]) => pattern.test(place))?.[0] ?? '';
}
