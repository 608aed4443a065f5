// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/**
 * The runner: a process of its own that performs user code, one run at a time, each in a fresh isolate.
 *
 *   node --permission … main.js <isolated-vm .node> <luxon.js> <jmespath.js>
 *
 * The isolate is the first wall, this process with its limits is the second. The next isolate is warmed up while
 * nobody waits, so that a run only pays for its own work. Nothing of a run survives it.
 */
import { createHash, createHmac, getHashes, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { decoder, encode } from './frames.js';

/** Bytes of one frame in either direction. */
const FRAME_BODY_BYTES = 256 * 1024 * 1024;
/** Heap of an isolate in MB when it is warmed before its run is known. */
const SPARE_MEMORY_MB = 256;
/** Pending timers of one run. */
const TIMERS_PER_RUN = 1_000;
/** Host calls of one run that wait for their answer. */
const CALLS_PER_RUN = 100;
/** Bytes of randomness one call may ask for. */
const RANDOM_BYTES = 65_536;

const [addonFile, luxonFile, jmespathFile] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { ivm } = require(addonFile);
const here = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const module = (name, file) =>
  `globalThis[${JSON.stringify(name)}] = (function () { var exports = {}; ${readFileSync(file, 'utf8')}\nreturn exports; })();`;

const snapshot = ivm.Isolate.createSnapshot([
  { code: module('luxon', luxonFile), filename: 'luxon.js' },
  { code: module('jmespath', jmespathFile), filename: 'jmespath.js' },
  ...['bytes.js', 'web.js', 'scene.js', 'helpers.js', 'guest.js'].map((name) => ({
    code: here(`./guest/${name}`),
    filename: name,
  })),
]);

/** A promise of the isolate that the next run gets. */
let spare;
let current;

/** An isolate that has loaded everything and seen nothing. */
async function prepare(memoryMb) {
  const isolate = new ivm.Isolate({
    memoryLimit: memoryMb,
    snapshot,
    // V8 has lost the isolate; only a new process is clean.
    onCatastrophicError: () => process.abort(),
  });
  const context = await isolate.createContext();
  const enter = await context.global.get('__enter', { reference: true });
  const fire = await context.global.get('__fire', { reference: true });
  const answer = await context.global.get('__answer', { reference: true });
  await context.eval('delete globalThis.__enter; delete globalThis.__fire; delete globalThis.__answer;');
  return { isolate, enter, fire, answer, memoryMb };
}

function send(head, parts) {
  for (const piece of encode(head, parts)) process.stdout.write(piece);
}

/** The isolate that was warmed up, or a new one where its heap has the wrong size. */
async function take(memoryMb) {
  const warm = await spare;
  if (warm.memoryMb === memoryMb) return warm;
  warm.isolate.dispose();
  return prepare(memoryMb);
}

async function perform(head, [source, scene, items]) {
  const run = { head, cell: undefined, timers: new Map(), calls: new Set(), settle: undefined };
  current = run;
  const cell = await take(head.memoryMb);
  run.cell = cell;
  const ended = new Promise((resolve) => (run.settle = resolve));
  const timeout = setTimeout(() => {
    run.settle({ failure: 'timeout' });
    cell.isolate.dispose();
  }, head.timeoutMs);
  const input = [head.mode, source, scene, items, ...hostFunctions(run)];
  cell.enter.apply(undefined, input, { result: { copy: true } }).catch((error) => escaped(run, error));
  const end = await ended;
  clearTimeout(timeout);
  for (const timer of run.timers.values()) clearTimeout(timer);
  current = undefined;
  const aborted = end.failure !== undefined;
  const envelope = aborted ? JSON.stringify({ ...end, logs: [] }) : end.text;
  send({ kind: 'result', run: head.run, nonce: head.nonce, ...(aborted ? { aborted } : {}) }, [envelope]);
  if (!cell.isolate.isDisposed) cell.isolate.dispose();
  spare = prepare(head.memoryMb);
  await spare;
}

/**
 * A failure that left the isolate. A rejection nobody handled comes here too, and does not end the run: the run's own
 * result is still to come, or its time limit.
 */
function escaped(run, error) {
  if (run.cell.isolate.isDisposed) run.settle({ failure: 'memory' });
  else run.lastEscape = String(error?.message ?? error).slice(0, 500);
}

/** What a guest may call: only texts and numbers go through. */
function hostFunctions(run) {
  const sync = new ivm.Callback((name, argument) => {
    try {
      return JSON.stringify({ ok: table[name](JSON.parse(argument)) });
    } catch (error) {
      return JSON.stringify({ error: String(error?.message ?? error).slice(0, 500) });
    }
  });
  const timer = new ivm.Callback((id, ms) => setTimer(run, id, ms));
  const done = new ivm.Callback(
    (text) => {
      if (typeof text !== 'string') run.settle({ failure: 'broken', message: run.lastEscape ?? 'no result' });
      else if (Buffer.byteLength(text) > FRAME_BODY_BYTES) run.settle({ failure: 'tooLarge' });
      else run.settle({ text });
    },
    { ignored: true },
  );
  const ask = new ivm.Callback((call, name, argument) => askEngine(run, call, String(name), String(argument)));
  return [sync, timer, ask, done];
}

/** A negative time takes the timer back. False: too many. */
function setTimer(run, id, ms) {
  clearTimeout(run.timers.get(id));
  run.timers.delete(id);
  if (ms < 0) return true;
  if (run.timers.size >= TIMERS_PER_RUN) return false;
  const wait = Math.min(Math.max(Number(ms) || 0, 0), run.head.timeoutMs + 1);
  const fire = () => {
    run.timers.delete(id);
    run.cell.fire.apply(undefined, [id], { result: { copy: true } }).catch((error) => escaped(run, error));
  };
  run.timers.set(id, setTimeout(fire, wait));
  return true;
}

/** Hands a question of the guest on; its answer comes as a frame. False: too many at the same time. */
function askEngine(run, call, name, argument) {
  if (run.calls.size >= CALLS_PER_RUN || !Number.isSafeInteger(call)) return false;
  run.calls.add(call);
  send({ kind: 'call', run: run.head.run, nonce: run.head.nonce, call, name: name.slice(0, 100) }, [argument]);
  return true;
}

const bytesOf = (text) => Buffer.from(text, 'base64');
const table = {
  hash: ({ algorithm, data }) => createHash(algorithm).update(bytesOf(data)).digest('base64'),
  hmac: ({ algorithm, key, data }) => createHmac(algorithm, bytesOf(key)).update(bytesOf(data)).digest('base64'),
  hashes: () => getHashes(),
  uuid: () => randomUUID(),
  random: ({ bytes }) => {
    if (!(bytes >= 0 && bytes <= RANDOM_BYTES)) throw new RangeError(`At most ${RANDOM_BYTES} random bytes at a time`);
    return randomBytes(bytes).toString('base64');
  },
  url: ({ text, base, set }) => {
    const url = new URL(text, base ?? undefined);
    if (set) url[set.key] = set.value;
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } = url;
    return { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash };
  },
};
Object.setPrototypeOf(table, null);

function received(head, parts) {
  if (head.kind === 'run' && !current) {
    perform(head, parts).catch((error) => die(`Error: ${error?.message}`));
  } else if (head.kind === 'reply' && current && head.run === current.head.run && head.nonce === current.head.nonce) {
    const run = current;
    if (!run.calls.delete(head.call)) return;
    const text = `{${head.ok ? '"ok"' : '"error"'}:${parts[0]}}`;
    run.cell.answer
      .apply(undefined, [head.call, text], { result: { copy: true } })
      .catch((error) => escaped(run, error));
  } else if (head.kind === 'run') {
    die('Error: a second run while one is in flight');
  }
}

/** Ends this process although user code may be running: an orderly exit would wait for it for ever. */
function die(why) {
  try {
    writeSync(2, `${why}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** What this process can still do, tried out: the engine shows it at start. */
function containment() {
  const can = (what) => {
    try {
      what();
      return true;
    } catch {
      return false;
    }
  };
  return {
    filesReadable: can(() => readFileSync('/etc/hostname')),
    permission: Boolean(process.permission),
    uid: process.getuid?.() ?? -1,
    environment: Object.keys(process.env).filter((key) => key !== 'TZ').length,
  };
}

process.stdin.on(
  'data',
  decoder(FRAME_BODY_BYTES, received, (why) => die(`Error: ${why}`)),
);
process.stdin.on('end', () => die('the engine is gone'));
process.stdout.on('error', () => die('the engine is gone'));
process.on('unhandledRejection', (error) => die(`Error: ${error?.message}`));
spare = prepare(SPARE_MEMORY_MB);
await spare;
send({ kind: 'ready', pid: process.pid, containment: containment() }, []);
