import { defineErrors } from '#workflow';

/** Rows of the cluster layer. */
export const errors = defineErrors({
  LEASE_STORE_SILENT: {
    message: (p: { ms: number }) => `The lease was not renewed within ${p.ms} ms`,
    status: 503,
    retryable: true,
    hint: 'Check the database and the way to it; until it answers, this member starts no effects.',
  },
});
