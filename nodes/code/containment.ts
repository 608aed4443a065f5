import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { RUNNER_DATA_BYTES, RUNNER_HEAP_MB, RUNNER_OPEN_FILES } from './limits.ts';

/** One layer between a runner and the system: whether it stands here, and why not. */
export interface ContainmentLayer {
  readonly name: 'environment' | 'files' | 'network' | 'limits' | 'user' | 'privileges';
  readonly active: boolean;
  readonly detail: string;
}
/** How runners are started on this machine, found out once. */
export interface Containment {
  /** Program and arguments that start a runner. */
  readonly command: readonly string[];
  readonly layers: readonly ContainmentLayer[];
}

/** The files a runner needs, and all it may read. */
interface Bundle {
  readonly main: string;
  readonly folder: string;
  readonly addon: string;
  readonly luxon: string;
  readonly jmespath: string;
}

/** A wrapper program and what it is for; tried in order, the first that works is taken. */
interface Wrapper {
  readonly layer: ContainmentLayer['name'];
  readonly detail: string;
  readonly program: string;
  readonly options: readonly (readonly string[])[];
}

/** The user nobody, and its group: owns nothing. */
const NOBODY = 65_534;

const wrappers: readonly Wrapper[] = [
  {
    layer: 'network',
    detail: 'own network namespace without any interface',
    program: 'unshare',
    options: [
      ['--net', '--'],
      ['--user', '--map-current-user', '--net', '--'],
    ],
  },
  {
    layer: 'limits',
    detail: `memory ${RUNNER_DATA_BYTES} bytes, ${RUNNER_OPEN_FILES} files, no core dumps`,
    program: 'prlimit',
    options: [[`--data=${RUNNER_DATA_BYTES}`, `--nofile=${RUNNER_OPEN_FILES}`, '--core=0', '--']],
  },
  {
    layer: 'user',
    detail: `user and group ${NOBODY}, no groups, no capabilities`,
    program: 'setpriv',
    options: [
      [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', '--'],
    ],
  },
  { layer: 'privileges', detail: 'no new privileges', program: 'setpriv', options: [['--no-new-privs', '--']] },
];

let found: Promise<Containment> | undefined;

/** Finds out which layers this system allows; the result is kept for the life of the process. */
export function containment(): Promise<Containment> {
  return (found ??= probe());
}

async function probe(): Promise<Containment> {
  const bundle = locate();
  const node = [process.execPath, ...nodeOptions(bundle)];
  const reads = [
    process.execPath,
    '-e',
    `for (const f of ${JSON.stringify(files(bundle))}) require('node:fs').readFileSync(f)`,
  ];
  const chain: string[] = [];
  const layers: ContainmentLayer[] = [
    { name: 'environment', active: true, detail: 'empty environment' },
    {
      name: 'files',
      active: true,
      detail: 'Node permission model: reads its own bundle only, writes nothing, starts nothing',
    },
  ];
  for (const wrapper of wrappers) {
    const fitting = await firstWorking(chain, wrapper, reads);
    if (fitting) chain.push(...fitting);
    layers.push({
      name: wrapper.layer,
      active: fitting !== undefined,
      detail: fitting ? wrapper.detail : `not possible here: ${wrapper.program} is missing or refused`,
    });
  }
  return { command: [...chain, ...node, bundle.main, bundle.addon, bundle.luxon, bundle.jmespath], layers };
}

async function firstWorking(
  chain: readonly string[],
  wrapper: Wrapper,
  check: readonly string[],
): Promise<string[] | undefined> {
  const program = findProgram(wrapper.program);
  if (!program) return undefined;
  for (const options of wrapper.options) {
    if (await succeeds([...chain, program, ...options, ...check])) return [program, ...options];
  }
  return undefined;
}

function findProgram(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function succeeds([program = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { env: {}, cwd: '/', timeout: 10_000 }, (error) => resolve(error === null));
  });
}

function locate(): Bundle {
  const require = createRequire(import.meta.url);
  const folder = realpathSync(fileURLToPath(new URL('./runner', import.meta.url)));
  const isolated = dirname(require.resolve('isolated-vm/package.json'));
  // node-gyp-build has no types; its `path` gives the file that its main function would load.
  const gyp = require('node-gyp-build') as { path(folder: string): string };
  return {
    main: join(folder, 'main.js'),
    folder,
    addon: realpathSync(gyp.path(isolated)),
    luxon: realpathSync(join(dirname(require.resolve('luxon')), '../cjs-browser/luxon.js')),
    jmespath: realpathSync(require.resolve('jmespath')),
  };
}

const files = (bundle: Bundle): string[] => [bundle.main, bundle.addon, bundle.luxon, bundle.jmespath];

function nodeOptions(bundle: Bundle): string[] {
  return [
    '--permission',
    '--allow-addons',
    ...[`${bundle.folder}/*`, bundle.addon, bundle.luxon, bundle.jmespath].map((path) => `--allow-fs-read=${path}`),
    '--no-warnings',
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${RUNNER_HEAP_MB}`,
  ];
}
