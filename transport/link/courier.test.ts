import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quiet, SimulatedClock, type LinkHandlers, type LinkMessage } from '#runtime';
import type { JsonValue } from '#workflow';
import type { PublishOutcome } from '../amqp/window.ts';
import { LINK_LIMITS, type LinkLimits } from '../limits.ts';
import { decode, encode } from './codec.ts';
import { Courier, type LinkObserver, type Parcel } from './courier.ts';
import type { Envelope } from './envelope.ts';

/** A courier whose carrier is the test: parcels lie in `sent` with `outcome`. */
function open(limits: Partial<LinkLimits> = {}) {
  const clock = new SimulatedClock();
  const sent: Parcel[] = [];
  const told: [string, LinkMessage][] = [];
  const reported: string[] = [];
  const logged: string[] = [];
  const observer: LinkObserver = {
    sent: (kind, outcome) => void reported.push(`sent ${kind} ${outcome}`),
    heard: (kind, form) => void reported.push(`heard ${form} ${kind}`),
    dropped: (why) => void reported.push(`dropped ${why}`),
  };
  const say = (_: object, message: string): void => void logged.push(message);
  const world = { outcome: 'confirmed' as PublishOutcome, asked: async (): Promise<JsonValue> => 'answer' };
  const all = { ...LINK_LIMITS, ...limits };
  const courier = new Courier({
    self: 'me',
    clock,
    log: { debug: say, info: say, warn: say, error: say },
    limits: all,
    observer,
    carrier: {
      send: async (parcel) => {
        sent.push(parcel);
        return world.outcome;
      },
      sendAll: (parcel) => void sent.push({ ...parcel, to: '*' }),
    },
  });
  const handlers: LinkHandlers = {
    told: (from, message) => {
      told.push([from, message]);
      if (message.kind === 'bad') throw new Error('no');
    },
    asked: () => world.asked(),
  };
  courier.open(handlers);
  const receive = (envelope: Envelope, lane: 'control' | 'normal' = 'normal') =>
    courier.receive(lane, encode(envelope, LINK_LIMITS));
  /** The envelope of the parcel sent last. */
  const last = (): Envelope => {
    const decoded = decode(sent.at(-1)?.content ?? Buffer.alloc(0), LINK_LIMITS);
    assert.ok(decoded.ok);
    return decoded.envelope;
  };
  return { clock, courier, sent, told, reported, logged, world, receive, last };
}

const tell = (id: string, kind = 'k', from = 'you'): Envelope => ({ form: 'tell', from, id, kind, body: {} });
const ask = (id: string, timeoutMs = 1_000): Envelope => ({
  form: 'ask',
  from: 'you',
  id,
  kind: 'q',
  body: {},
  timeoutMs,
});
const question = { kind: 'q', body: {} };

/** What the carrier says -> what a teller and an asker are told. */
const OUTCOMES: Readonly<Record<PublishOutcome, readonly [told: boolean, code: string | undefined]>> = {
  confirmed: [true, undefined],
  returned: [false, 'LINK_PEER_GONE'],
  refused: [false, 'LINK_UNAVAILABLE'],
  full: [false, 'LINK_UNAVAILABLE'],
  down: [false, 'LINK_UNAVAILABLE'],
  expired: [false, 'LINK_UNAVAILABLE'],
};

for (const [outcome, [told, code]] of Object.entries(OUTCOMES)) {
  test(`a message that was ${outcome}: tell ${told}, ask ${code ?? 'waits'}`, async () => {
    const { courier, world, reported, clock } = open();
    world.outcome = outcome as PublishOutcome; // A key of the table.
    assert.equal(await courier.tell('you', { kind: 'k', body: {} }), told);
    assert.deepEqual([...reported], [`sent k ${outcome}`]);
    const answer = courier.ask('you', question, 1_000);
    const settled = assert.rejects(answer, { code: code ?? 'LINK_ASK_TIMEOUT' });
    await quiet();
    assert.equal(clock.pending, code === undefined ? 1 : 0);
    await clock.advance(1_000);
    await settled;
  });
}

test('messages are numbered, and say who sent them', async () => {
  const { courier, sent, last } = open();
  await courier.tell('you', { kind: 'a', body: { x: 1 }, lane: 'control' });
  assert.deepEqual(last(), { form: 'tell', from: 'me', id: '1', kind: 'a', body: { x: 1 } });
  courier.broadcast({ kind: 'b', body: {} });
  assert.deepEqual(last(), { form: 'all', from: 'me', id: '2', kind: 'b', body: {} });
  assert.deepEqual(
    sent.map(({ to, lane, id, kind }) => [to, lane, id, kind]),
    [
      ['you', 'control', '1', 'a'],
      ['*', 'normal', '2', 'b'],
    ],
  );
});

test('a repeated message is dropped, the same id of another sender is not', () => {
  const { receive, told, reported } = open();
  for (const envelope of [tell('1'), tell('1'), tell('1', 'k', 'another'), tell('2')]) {
    assert.equal(receive(envelope), 'taken');
  }
  assert.equal(told.length, 3);
  assert.equal(reported.filter((word) => word === 'dropped repeated').length, 1);
});

test('its own broadcast is dropped, what it tells itself is not', () => {
  const { receive, told } = open();
  receive({ form: 'all', from: 'me', id: '1', kind: 'k', body: {} });
  receive({ form: 'all', from: 'you', id: '1', kind: 'k', body: {} });
  receive({ form: 'tell', from: 'me', id: '2', kind: 'k', body: {} });
  assert.deepEqual(
    told.map(([from]) => from),
    ['you', 'me'],
  );
});

test('what cannot be read is said so and reported', () => {
  const { courier, reported, logged } = open();
  assert.equal(courier.receive('normal', Buffer.from('junk')), 'unreadable');
  assert.deepEqual([reported, logged], [['dropped unreadable'], ['A message of the link cannot be read; parked.']]);
});

test('a throwing handler is reported, and the message counts as taken', () => {
  const { receive, reported } = open();
  assert.equal(receive(tell('1', 'bad')), 'taken');
  assert.deepEqual(reported, ['heard tell bad', 'dropped handler threw']);
});

test('only who was asked may answer, and once', async () => {
  const { courier, receive, reported } = open();
  const answer = courier.ask('you', question, 1_000);
  receive({ form: 'reply', from: 'another', id: '1', to: '1', value: 'false' });
  receive({ form: 'reply', from: 'you', id: '1', to: '9', value: 'false' });
  receive({ form: 'reply', from: 'you', id: '2', to: '1', value: 'true' });
  receive({ form: 'reply', from: 'you', id: '3', to: '1', value: 'late' });
  assert.equal(await answer, 'true');
  assert.equal(reported.filter((word) => word === 'dropped unasked').length, 3);
});

test('an answer that comes before the confirm counts', async () => {
  const { courier, receive, world } = open();
  world.outcome = 'expired';
  const answer = courier.ask('you', question, 1_000);
  receive({ form: 'reply', from: 'you', id: '1', to: '1', value: 'quick' });
  assert.equal(await answer, 'quick');
});

test('when a peer has left, questions to it end at once and others wait on', async () => {
  const { courier, receive } = open();
  const gone = assert.rejects(courier.ask('you', question, 60_000), { code: 'LINK_PEER_GONE' });
  const other = courier.ask('other', question, 60_000);
  courier.peerLeft('you');
  await gone;
  receive({ form: 'reply', from: 'other', id: '1', to: '2', value: 1 });
  assert.equal(await other, 1);
});

test('an answer goes to the asker in the lane of the question, and waits for a connection as long as the asker waits', async () => {
  const { receive, sent, last, clock, world } = open();
  let answer: (value: JsonValue) => void = () => {};
  world.asked = () => new Promise((resolve) => (answer = resolve));
  receive(ask('7'), 'control');
  await clock.advance(400);
  answer({ done: true });
  await quiet();
  assert.deepEqual(last(), { form: 'reply', from: 'me', id: '1', to: '7', value: { done: true } });
  const [{ to, lane, patient, deadlineMs } = assert.fail()] = sent;
  assert.deepEqual([to, lane, patient, deadlineMs], ['you', 'control', true, 600]);
});

test('an answer that nobody waits for any more is not sent', async () => {
  const { receive, sent, clock, world } = open();
  let answer: (value: JsonValue) => void = () => {};
  world.asked = () => new Promise((resolve) => (answer = resolve));
  receive(ask('7'));
  await clock.advance(1_000);
  answer(1);
  await quiet();
  assert.deepEqual(sent, []);
});

test('a refusal carries code and words; an error without a code is LINK_HANDLER_FAILED and logged', async () => {
  const { receive, last, world, logged, courier } = open();
  world.asked = () => courier.ask('nobody', question, 0);
  world.outcome = 'returned';
  receive(ask('1'));
  await quiet();
  assert.deepEqual(last(), {
    form: 'refusal',
    from: 'me',
    id: '1',
    to: '1',
    code: 'LINK_PEER_GONE',
    message: 'No member nobody listens on the link.',
  });
  assert.deepEqual(logged, []);
  world.asked = () => Promise.reject(new TypeError('x'.repeat(10_000)));
  receive(ask('2'));
  await quiet();
  const refusal = last();
  assert.ok(refusal.form === 'refusal' && refusal.code === 'LINK_HANDLER_FAILED');
  assert.ok(refusal.message.length <= LINK_LIMITS.REFUSAL_CHARACTERS);
  assert.equal(logged.length, 1);
});

test('an answer that is too large is refused as such', async () => {
  const { receive, last, world } = open({ LINK_TEXT_BYTES: 1_000 });
  world.asked = async () => 'x'.repeat(2_000);
  receive(ask('1'));
  await quiet();
  const refusal = last();
  assert.ok(refusal.form === 'refusal' && refusal.code === 'LINK_MESSAGE_TOO_LARGE');
});

test('over ASKS_SERVED questions are refused, and taken again when others are answered', async () => {
  const { receive, last, world } = open({ ASKS_SERVED: 1 });
  let answer: (value: JsonValue) => void = () => {};
  world.asked = () => new Promise((resolve) => (answer = resolve));
  receive(ask('1'));
  receive(ask('2'));
  await quiet();
  const busy = last();
  assert.ok(busy.form === 'refusal' && busy.code === 'LINK_PEER_BUSY' && busy.to === '2');
  answer(1);
  await quiet();
  world.asked = async () => 'free';
  receive(ask('3'));
  await quiet();
  const free = last();
  assert.ok(free.form === 'reply' && free.to === '3');
});

test('over ASKS_OPEN nothing is asked', async () => {
  const { courier, sent } = open({ ASKS_OPEN: 1 });
  const first = assert.rejects(courier.ask('you', question, 1_000), { code: 'LINK_UNAVAILABLE' });
  await assert.rejects(courier.ask('you', question, 1_000), { code: 'LINK_ASKS_EXCEEDED' });
  assert.equal(sent.length, 1);
  courier.shut();
  await first;
});

test('after shut nothing is taken or sent but answers to what was asked before', async () => {
  const { courier, receive, sent, told, world, reported } = open();
  let answer: (value: JsonValue) => void = () => {};
  world.asked = () => new Promise((resolve) => (answer = resolve));
  receive(ask('1'));
  courier.shut();
  assert.equal(receive(tell('2')), 'taken');
  receive(ask('3'));
  assert.equal(await courier.tell('you', { kind: 'k', body: {} }), false);
  courier.broadcast({ kind: 'k', body: {} });
  await assert.rejects(courier.ask('you', question, 1_000), { code: 'LINK_UNAVAILABLE' });
  assert.deepEqual([sent.length, told.length], [0, 0]);
  let rested = false;
  void courier.rested().then(() => (rested = true));
  await quiet();
  assert.equal(rested, false);
  answer('last');
  await quiet();
  assert.deepEqual([rested, sent.length], [true, 1]);
  assert.ok(reported.includes('sent q LINK_UNAVAILABLE'));
});

test('what cannot be sent is refused to its caller and logged', async () => {
  const { courier, logged, sent, reported } = open({ LINK_TEXT_BYTES: 100 });
  const big = { kind: 'big', body: { text: 'x'.repeat(200) } };
  assert.equal(await courier.tell('you', big), false);
  await assert.rejects(courier.ask('you', big, 1_000), { code: 'LINK_MESSAGE_TOO_LARGE' });
  courier.broadcast(big);
  assert.deepEqual([sent.length, logged.length], [0, 3]);
  assert.deepEqual(reported, ['sent big LINK_MESSAGE_TOO_LARGE', 'sent big LINK_MESSAGE_TOO_LARGE']);
});
