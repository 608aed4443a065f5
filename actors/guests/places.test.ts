import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#workflow';
import { createSystem, quiet, seededRandom, SimulatedClock } from '#runtime';
import { TestNetwork } from '#runtime';
import type { PlaceWord, Services } from '../services.ts';
import { ORPHAN_MS } from './limits.ts';
import { Places } from './places.ts';

function world() {
  const clock = new SimulatedClock();
  const random = seededRandom(1);
  const network = new TestNetwork(clock, random);
  const peers = network.join('me');
  const other = network.join('other');
  network.join('third');
  const system = createSystem({ name: 'test', clock, random });
  const places = new Places(system, { clock, peers } as unknown as Services); // what the owner's half asks for
  const words: PlaceWord[] = [];
  places.open('t', 'other', (word) => words.push(word));
  const say = async (kind: string, body: JsonObject, from = 'other'): Promise<void> => {
    await network.tell(from, 'me', { kind, body });
    await quiet(3);
  };
  const answers = (): JsonObject[] =>
    network.delivered.flatMap(({ to, kind, body }) => (to !== 'me' ? [{ kind, ...body }] : []));
  return { clock, network, places, words, say, answers, other };
}

test('what the member with the ticket says reaches whoever opened it, and signs of life are answered', async () => {
  const { words, say, answers } = world();
  await say('node.alive', { tickets: ['t'] });
  await say('node.performed', { ticket: 't', outcome: 1 });
  await say('node.left', { tickets: ['t'], why: 'tired' });
  assert.deepEqual(words, [
    { type: 'alive' },
    { type: 'performed', body: { ticket: 't', outcome: 1 } },
    { type: 'left', why: 'tired' },
  ]);
  assert.deepEqual(answers(), [{ kind: 'node.heard', kept: ['t'], unwanted: [] }]);
});

test('the same words from another member do not count: it is told that nobody wants its run', async () => {
  const { words, say, answers } = world();
  await say('node.alive', { tickets: ['t'] }, 'third');
  await say('node.performed', { ticket: 't', outcome: 1 }, 'third');
  await say('node.left', { tickets: ['t'] }, 'third');
  assert.deepEqual(words, []);
  assert.deepEqual(answers(), [
    { kind: 'node.heard', kept: [], unwanted: ['t'] },
    { kind: 'node.heard', unwanted: ['t'] },
  ]);
});

const closings: [Parameters<Places['close']>[1], JsonObject[]][] = [
  ['done', [{ kind: 'node.heard', done: ['t'] }]],
  ['dropped', [{ kind: 'node.abort', tickets: ['t'] }]],
  ['left', []],
];
for (const [how, said] of closings) {
  test(`a ticket that is ${how}: the member hears ${JSON.stringify(said)}, once`, async () => {
    const { places, answers } = world();
    places.close('t', how);
    places.close('t', how);
    await quiet(3);
    assert.deepEqual(answers(), said);
  });
}

test('of a ticket whose execution went on elsewhere nothing is said, for as long as its run may find its new owner', async () => {
  const { clock, places, words, say, answers } = world();
  places.close('t', 'left');
  await say('node.alive', { tickets: ['t', 'unknown'] });
  await say('node.performed', { ticket: 't' });
  assert.deepEqual(answers(), [{ kind: 'node.heard', kept: [], unwanted: ['unknown'] }]);
  clock.advanceSync(ORPHAN_MS);
  await say('node.alive', { tickets: ['t'] });
  assert.deepEqual(answers().at(-1), { kind: 'node.heard', kept: [], unwanted: ['t'] });
  assert.deepEqual(words, []);
});

test('members that come and go, and the link, are told of until nobody listens', async () => {
  const { network, places } = world();
  let told = 0;
  const leave = places.watch(() => (told += 1));
  network.join('fourth');
  network.leave('fourth');
  network.cut(true);
  assert.equal(told, 3);
  leave();
  network.cut(false);
  assert.equal(told, 3);
});

test('an order in an unknown form is refused, and so is any once this member drains', async () => {
  const { places, other } = world();
  const ask = (body: JsonObject) => other.link.ask('me', { kind: 'node.perform', body }, 1_000);
  assert.deepEqual(await ask({ ticket: 't' }), { refused: 'invalid', why: 'an order in a form not known here' });
  places.drain();
  const order = { ticket: 't', executionId: '1', node: 'A', run: 0, attempt: 1, seq: 1, epoch: 1, publicUrl: 'u' };
  assert.deepEqual(await ask(order), { refused: 'busy', why: 'the member is stopping' });
});

test('after its stop it hears nothing', async () => {
  const { places, words, say } = world();
  await places.stop();
  await say('node.alive', { tickets: ['t'] });
  assert.deepEqual(words, []);
});
