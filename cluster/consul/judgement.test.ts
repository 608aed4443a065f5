import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { CONSUL_EMPTY_GRACE_MS, CONSUL_QUERIES_BURST, CONSUL_QUERY_MS } from '../limits.ts';
import { doubtAfter, nextIndex, TokenBucket, viewAfter } from './judgement.ts';
import { membersIn, serviceOf } from './service.ts';

test('the next index is the answered one, unless that goes back or is none', () => {
  const grid: [last: string, answered: string | undefined, next: string][] = [
    ['0', '5', '5'],
    ['5', '5', '5'],
    ['5', '6', '6'],
    ['6', '5', '0'],
    ['5', undefined, '0'],
    ['5', '', '0'],
    ['5', 'abc', '0'],
    ['5', '-1', '0'],
    ['5', '0', '0'],
    ['18446744073709551610', '18446744073709551615', '18446744073709551615'],
    ['5', '9'.repeat(21), '0'],
  ];
  for (const [last, answered, next] of grid) equal(nextIndex(last, answered), next, `${last} then ${answered}`);
});

test('doubt begins when the service was away or counts anew, or when all others vanish at once', () => {
  const now = 1_000;
  const until = now + CONSUL_EMPTY_GRACE_MS;
  const old = { until: 7, empty: false };
  const grid: [reset: boolean, known: number, others: number, wasEmpty: boolean, until: number][] = [
    [false, 2, 2, false, 7],
    [false, 2, 1, false, 7],
    [false, 0, 0, false, 7],
    [false, 0, 3, true, 7],
    [false, 2, 0, false, until],
    [false, 2, 0, true, 7],
    [true, 2, 2, false, until],
    [true, 0, 0, true, until],
  ];
  for (const [reset, othersKnown, others, empty, expected] of grid) {
    const next = doubtAfter({ ...old, empty }, { reset, othersKnown, others }, now);
    deepEqual(next, { until: expected, empty: others === 0 }, `${reset} ${othersKnown} ${others} ${empty}`);
  }
});

test('in doubt whoever is missing stays and whoever is new comes; without it the answer is the view', () => {
  const of = (bootId: string, draining = false) => ({ bootId, name: bootId, tags: [], draining });
  const [known, answered] = [
    [of('a'), of('b')],
    [of('b', true), of('c')],
  ];
  deepEqual(viewAfter(known, answered, true), [of('b', true), of('c'), of('a')]);
  deepEqual(viewAfter(known, answered, false), answered);
});

test('a bucket gives its burst at once, then one permit per pause, and fills no further than the burst', () => {
  const bucket = new TokenBucket(0);
  const waits = Array.from({ length: CONSUL_QUERIES_BURST + 2 }, () => bucket.take(0));
  deepEqual(waits, [...Array.from({ length: CONSUL_QUERIES_BURST }, () => 0), CONSUL_QUERY_MS, 2 * CONSUL_QUERY_MS]);
  const later = 1_000 * CONSUL_QUERY_MS;
  for (let taken = 0; taken < CONSUL_QUERIES_BURST; taken += 1) equal(bucket.take(later), 0);
  equal(bucket.take(later), CONSUL_QUERY_MS);
});

const member = { bootId: 'b1', name: 'one', tags: ['gpu', 'x y'], draining: true, address: 'https://h.example:8443/' };

test('a member survives the way through Consul', () => {
  const { id, name, tags, meta } = serviceOf(member, 'troupe', 'ttl');
  const entry = { Service: { ID: id, Service: name, Tags: tags, Meta: meta }, Checks: [{ Status: 'passing' }] };
  deepEqual(membersIn([entry]), [member]);
});

test('the service is registered at the host and port of the member, with the check that was asked for', () => {
  const ttl = serviceOf(member, 'troupe', 'ttl');
  deepEqual([ttl.address, ttl.port], ['h.example', 8443]);
  deepEqual([ttl.check.ttl, ttl.check.http], ['15s', undefined]);
  const http = serviceOf(member, 'troupe', 'http');
  deepEqual([http.check.ttl, http.check.http], [undefined, 'https://h.example:8443/health']);
  equal(http.check.deregistercriticalserviceafter, '60s');
  const { address: _address, ...homeless } = member;
  equal(serviceOf(homeless, 'troupe', 'http').check.ttl, '15s', 'nobody could ask it');
  equal(serviceOf({ ...member, address: 'http://[::1]:80' }, 't', 'ttl').address, '::1');
  deepEqual([serviceOf({ ...member, address: 'http://h' }, 't', 'ttl').port], [80]);
  deepEqual([serviceOf({ ...member, address: 'https://h' }, 't', 'ttl').port], [443]);
});

test('what is no member of ours is passed over, whatever it is', () => {
  const good = { Service: { Tags: ['a', 1], Meta: { bootId: 'b', member: 'm' } } };
  const odd = [
    null,
    7,
    'x',
    {},
    { Service: null },
    { Service: { Meta: null } },
    { Service: { Meta: { bootId: 1, member: 'm' } } },
    { Service: { Meta: { bootId: 'b' } } },
    { ...good, Checks: [{ Status: 'passing' }, { Status: 'critical' }] },
  ];
  deepEqual(membersIn(odd), []);
  for (const nothing of [undefined, null, {}, 'text', 5]) deepEqual(membersIn(nothing), []);
  deepEqual(membersIn([...odd, good]), [{ bootId: 'b', name: 'm', tags: ['a'], draining: false }]);
  deepEqual(membersIn([{ ...good, Checks: [{ Status: 'warning' }] }]).length, 1);
});
