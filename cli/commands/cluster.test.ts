import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { loadConfig } from '../config.ts';
import { TwinTerminal } from '../testing/twins.ts';
import { clusterDrain, clusterMembers, clusterShards } from './cluster.ts';

const KEY = 'a-key-of-sixteen-characters';
const member = (name: string, shards: number, state = 'living'): object => ({
  bootId: `${name}-0123456789`,
  name,
  tags: name === 'a' ? ['gpu', 'eu'] : [],
  address: `http://${name}:5678`,
  draining: state === 'draining',
  state,
  leaseLeftMs: 4_321,
  shards,
  self: name === 'a',
});

let server: Server;
let url: string;
let members: object[];
let asked: string[];

/** A member as far as these commands call it; each look at a draining one finds fewer shards. */
before(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.headers['x-n8n-api-key'] !== KEY) answer(401, { message: 'The key is not known' });
    else if (request.url?.endsWith('/shards')) answer(200, { data: SHARDS });
    else if (request.url?.endsWith('/x/drain')) answer(404, { message: 'There is no member x' });
    else if (request.url?.endsWith('/drain')) answer(202, member('b', 10, 'draining'));
    else if (request.url === '/other/api/v1/cluster/members') answer(200, { hello: 'world' });
    else answer(200, { data: members });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
beforeEach(() => {
  members = [member('a', 300), member('b', 212)];
  asked = [];
});
after(() => void server.close());

const SHARDS = [
  ...[0, 1, 2, 9].map((shard) => ({ shard, epoch: 1, member: 'a' })),
  { shard: 7, epoch: 4, member: 'b' },
  { shard: 8, epoch: 2 },
];

const config = loadConfig({});
const options = (more: object = {}) => ({ url, apiKey: KEY, json: false, ...more });

test('members are a table with the one that answered marked', async () => {
  const terminal = new TwinTerminal();
  assert.equal(await clusterMembers(terminal, config, options()), 0);
  const [head, a, b] = terminal.stdout.split('\n');
  assert.match(head ?? '', /^member\s+state\s+shards\s+lease\s+tags\s+address\s+boot$/);
  assert.match(a ?? '', /^a \*\s+living\s+300\s+4\.3 s\s+gpu,eu\s+http:\/\/a:5678\s+a-012345$/);
  assert.match(b ?? '', /^b\s+living\s+212\s+4\.3 s\s+-\s/);
});

test('shards are ranges by owner, those of nobody too', async () => {
  const terminal = new TwinTerminal();
  await clusterShards(terminal, config, options());
  assert.match(terminal.stdout, /^a\s+4\s+0-2 9$/m);
  assert.match(terminal.stdout, /^b\s+1\s+7$/m);
  assert.match(terminal.stdout, /^\(nobody\)\s+1\s+8$/m);
});

test('with --json the rows come as the API gave them', async () => {
  const terminal = new TwinTerminal();
  await clusterMembers(terminal, config, options({ json: true }));
  assert.deepEqual(JSON.parse(terminal.stdout), members);
});

test('drain asks that member and waits until it owns nothing', async () => {
  const terminal = new TwinTerminal();
  const done = clusterDrain(terminal, config, options(), 'b');
  while (terminal.timers === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(terminal.stdout, '');
  members = [member('a', 512), member('b', 0, 'draining')];
  terminal.advance(1_000);
  assert.equal(await done, 0);
  assert.equal(asked[0], 'POST /api/v1/cluster/members/b/drain');
  assert.match(terminal.stdout, /^b owns no shard/);
});

test('a drain that does not come to its end says how much is left', async () => {
  const terminal = new TwinTerminal();
  const done = assert.rejects(clusterDrain(terminal, config, options(), 'b'), { code: 'CLUSTER_DRAIN_SLOW' });
  while (terminal.timers === 0) await new Promise((resolve) => setImmediate(resolve));
  terminal.advance(200_000);
  await done;
});

test('a wish that cannot be met is an error with the words of the member, and its remedy', async () => {
  const terminal = new TwinTerminal();
  const refused = (promise: Promise<number>, code: string, words: RegExp) =>
    assert.rejects(promise, (error: Error & { code?: string }) => error.code === code && words.test(error.message));
  await refused(clusterDrain(terminal, config, options(), 'x'), 'CLUSTER_REFUSED', /404: There is no member x/);
  await refused(clusterMembers(terminal, config, options({ apiKey: 'wrong' })), 'CLUSTER_REFUSED', /401/);
  await refused(clusterMembers(terminal, config, { json: false, url }), 'CLUSTER_KEY_MISSING', /key/);
  await refused(
    clusterMembers(terminal, config, options({ url: `${url}/other` })),
    'CLUSTER_ANSWER_INVALID',
    /no member/,
  );
  await refused(clusterMembers(terminal, config, options({ url: 'http://127.0.0.1:1' })), 'CLUSTER_UNREACHABLE', /127/);
});
