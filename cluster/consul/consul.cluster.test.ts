import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { createServer, type Server } from 'node:http';
import { membershipConformance, realClock as clock, realRandom as random } from '#runtime';
import type { MemberInfo, Membership, MembershipFixture } from '#runtime';
import { startConsul, type TestService } from '../../test/services/index.ts';
import { consulAgent } from './agent.ts';
import { createConsulMembership } from './membership.ts';
import { serviceIdOf } from './service.ts';

/** Beats, a blocking query and a restart of the agent fit well in. */
const SEEN_MS_MOST = 45_000;
const LOOK_MS = 20;
/** A change of another member is seen in much less. */
const CHANGE_MS = 1_500;

let consul: TestService;
let services = 0;
const made: Membership[] = [];

before(async () => {
  consul = await startConsul({ mayKill: true });
});
after(() => consul.stop());
// Also those of a test that failed: their loops would keep the process alive.
afterEach(() => Promise.all(made.splice(0).map((membership) => membership.leave())));

async function until(condition: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + SEEN_MS_MOST;
  while (!condition()) {
    ok(clock.monotonic() < deadline, `did not come true: ${condition.toString()}`);
    await wait(LOOK_MS);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, () => resolve(undefined)));
}

function info(bootId: string, more: Partial<MemberInfo> = {}): MemberInfo {
  return { bootId, name: `name of ${bootId}`, tags: [], draining: false, ...more };
}

/** Each under a service name of its own, so that cases do not see one another. */
function family(): () => Membership {
  services += 1;
  const service = `troupe-test-${services}`;
  return () => keep(createConsulMembership({ address: consul.url, clock, random, service }));
}

function keep(membership: Membership): Membership {
  made.push(membership);
  return membership;
}

async function fixture(): Promise<MembershipFixture> {
  return { driver: family(), until, pass: () => wait(CHANGE_MS) };
}

describe('a real Consul keeps the contract of membership', () => {
  for (const { rule, check } of membershipConformance(fixture)) test(rule, check);
});

const ids = (membership: Membership): string[] => membership.members().map(({ bootId }) => bootId);

test('an agent that is killed and comes back without its registrations is told them again; nobody was seen to leave', async () => {
  const driver = family();
  const [a, b] = [driver(), driver()];
  await a.join(info('a'));
  await b.join(info('b'));
  await until(() => ids(a).length === 2 && ids(b).length === 2);
  const left: string[] = [];
  for (const membership of [a, b]) membership.watch((change) => left.push(...change.left.map(({ name }) => name)));
  await consul.kill('SIGKILL');
  await until(() => a.state() === 'stale' && b.state() === 'stale');
  deepEqual([ids(a).length, ids(b).length], [2, 2]);
  await consul.restart();
  await until(() => a.state() === 'up' && b.state() === 'up');
  const c = driver();
  await c.join(info('c'));
  await until(() => [a, b, c].every((membership) => ids(membership).length === 3));
  deepEqual(left, []);
});

test('a registration that the agent has dropped comes back by itself', async () => {
  const driver = family();
  const [a, b] = [driver(), driver()];
  await a.join(info('a'));
  await b.join(info('b2'));
  const agent = consulAgent({ address: consul.url });
  await agent.deregister(serviceIdOf('b2'));
  equal(await agent.knows(serviceIdOf('b2')), false);
  const deadline = clock.monotonic() + SEEN_MS_MOST;
  while (!(await agent.knows(serviceIdOf('b2')))) ok(clock.monotonic() < deadline);
  await until(() => ids(a).length === 2);
  agent.close();
});

describe('with the check http', () => {
  let health: Server;
  let status = 200;

  before(async () => {
    health = createServer((request, response) => response.writeHead(request.url === '/health' ? status : 404).end());
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    health.close();
    health.closeAllConnections();
  });

  test('a member that answers badly is not there until it answers well', async () => {
    services += 1;
    const place = health.address();
    ok(typeof place === 'object' && place !== null);
    const options = { address: consul.url, clock, random, service: `troupe-test-${services}` };
    const a = keep(createConsulMembership(options));
    const b = keep(createConsulMembership({ ...options, check: 'http' }));
    const c = keep(createConsulMembership(options));
    await a.join(info('a3'));
    await c.join(info('c3'));
    await b.join(info('b3', { address: `http://127.0.0.1:${place.port}` }));
    await until(() => ids(a).length === 3);
    status = 500;
    await until(() => !ids(a).includes('b3'));
    status = 200;
    await until(() => ids(a).includes('b3'));
  });
});

test('an agent that does not answer in time, or at all, is unavailable; one that is closed too', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const place = silent.address();
  ok(typeof place === 'object' && place !== null);
  const agent = consulAgent({ address: `127.0.0.1:${place.port}`, token: 'secret' });
  await rejects(agent.knows('x'), { code: 'CONSUL_UNAVAILABLE' });
  const asked = agent.services('x', '1', 30_000);
  agent.close();
  await rejects(asked, { code: 'CONSUL_UNAVAILABLE' });
  await rejects(agent.pass('x'), { code: 'CONSUL_UNAVAILABLE' });
  silent.closeAllConnections();
  silent.close();
  await rejects(consulAgent({ address: `127.0.0.1:${place.port}` }).knows('x'), { code: 'CONSUL_UNAVAILABLE' });
});

test('the token is sent with every call', async () => {
  const tokens: unknown[] = [];
  const proxy = createServer((request, response) => {
    tokens.push(request.headers['x-consul-token']);
    response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '7' }).end('[]');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const place = proxy.address();
  ok(typeof place === 'object' && place !== null);
  const agent = consulAgent({ address: `http://127.0.0.1:${place.port}`, token: 'secret' });
  await agent.pass('x');
  await agent.knows('x');
  await agent.deregister('x');
  deepEqual(await agent.services('x', '0', 1_000), { entries: [], index: '7' });
  deepEqual(tokens, ['secret', 'secret', 'secret', 'secret']);
  agent.close();
  proxy.closeAllConnections();
  proxy.close();
});
