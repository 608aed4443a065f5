import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemberOptions } from '#cli';
import { lockDataDir } from '#storage';
import type { Phase } from '#supervisors';
import { phase } from './phase.ts';

/** The data directory as the first phase of a member. */
export interface Place extends Phase {
  readonly dataDir: string;
  /** Of the lock; undefined before the start. */
  dataDirId(): string | undefined;
}

/** The data directory: locked for this process; a throw-away one is removed at the end. */
export function openPlace({ config, throwAway }: MemberOptions): Place {
  const dataDir = throwAway ? mkdtempSync(join(tmpdir(), 'troupe-')) : config.dataDir;
  let lock: ReturnType<typeof lockDataDir> | undefined;
  const stop = (): void => {
    lock?.release();
    if (throwAway) rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    ...phase('data directory', () => void (lock = lockDataDir(dataDir)), stop),
    dataDir,
    dataDirId: () => lock?.dataDirId,
  };
}
