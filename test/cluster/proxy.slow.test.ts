import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../until.ts';
import { Proxy } from './proxy.ts';

/** Answers every byte with the same byte. */
const echo: Server = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
const opened: { close(): unknown }[] = [echo];
await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
const address = echo.address();
const target = { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
after(
  async () => {
    for (const each of opened) await each.close();
  },
  { timeout: 10_000 },
);

let proxy: Proxy;
beforeEach(async () => {
  proxy = await Proxy.open(target);
  opened.unshift(proxy);
});

interface Client {
  readonly socket: Socket;
  heard: string;
  gone: boolean;
}

async function client(): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  const made: Client = { socket, heard: '', gone: false };
  socket.on('data', (chunk) => (made.heard += String(chunk)));
  socket.on('error', () => undefined);
  const settled = new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  socket.once('close', () => (made.gone = true));
  await settled;
  return made;
}

const hears = (one: Client, text: string): Promise<true> =>
  until(`"${text}" is heard`, () => (one.heard === text ? true : undefined), 3_000);
const isGone = (one: Client): Promise<true> => until('it is cut off', () => (one.gone ? true : undefined), 3_000);

test('passes bytes on, both ways, and an end', async () => {
  const one = await client();
  one.socket.end('word');
  await hears(one, 'word');
  await isGone(one);
  await until('no connection is left', () => (proxy.connections === 0 ? true : undefined));
});

test('a cut ends what is open and lets nothing in until it is mended', async () => {
  const one = await client();
  one.socket.write('a');
  await hears(one, 'a');
  proxy.cut();
  await isGone(one);
  await isGone(await client());
  proxy.mend();
  const two = await client();
  two.socket.write('b');
  await hears(two, 'b');
});

for (const way of ['up', 'down'] as const) {
  test(`a one-way cut (${way}) holds what comes, keeps the connection, and gives all in order when mended`, async () => {
    const one = await client();
    proxy.silence(way);
    for (const letter of 'abcd') one.socket.write(letter);
    await pause(60);
    assert.deepEqual([one.heard, one.gone], ['', false]);
    proxy.mend();
    await hears(one, 'abcd');
  });
}

test('a delay keeps the order', async () => {
  const one = await client();
  proxy.delay(50);
  const began = performance.now();
  for (const letter of 'abc') one.socket.write(letter);
  await hears(one, 'abc');
  assert.ok(performance.now() - began >= 95, 'once up and once down');
});
