import process from 'node:process';
import { join } from 'node:path';
import { MEMBER_START_MS, MEMBER_STOP_MS } from './limits.ts';
import { Program } from './program.ts';

const PROBE_MS = 1_500;
const TROUPE = join(import.meta.dirname, '..', 'bin', 'troupe.js');

export interface MemberPlan {
  /** For people, and for the name of its log. */
  readonly name: string;
  /** HTTP on 127.0.0.1; a member keeps its port over restarts. */
  readonly port: number;
  /** Where its log lies, and its data directory. */
  readonly folder: string;
  /** What it shares with the others: addresses of services, keys. */
  readonly env: Readonly<Record<string, string>>;
}

/** One member as a process: `troupe start`. */
export interface LocalMember {
  readonly name: string;
  readonly base: string;
  readonly program: Program;
}

export function localMember({ name, port, folder, env }: MemberPlan): LocalMember {
  const base = `http://127.0.0.1:${port}`;
  const program = new Program({
    name: `member ${name}`,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', TROUPE, 'start', '--port', String(port)],
    env: {
      ...foreignEnvironment(),
      TROUPE_DATA_DIR: join(folder, name),
      TROUPE_MEMBER_NAME: name,
      TROUPE_ADVERTISE_ADDRESS: '127.0.0.1',
      ...env,
    },
    cwd: folder,
    logFile: join(folder, `${name}.log`),
    ready: () => isReady(base),
    startMs: MEMBER_START_MS,
    stopMs: MEMBER_STOP_MS,
  });
  return { name, base, program };
}

/** What the shell of the caller holds for a member of its own must not reach this one. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(?:TROUPE_|DATABASE_URL|TEST_DATABASE_URL|AMQP_URL|CONSUL_HTTP_ADDR|NODE_TEST_CONTEXT|HOST$|PORT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** True when the member says that it takes work. */
async function isReady(base: string): Promise<boolean> {
  try {
    const response = await fetch(`${base}/ready`, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
