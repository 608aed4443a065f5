import { defineErrors } from '#workflow';

/** Rows of the cluster layer. */
export const errors = defineErrors({
  LEASE_STORE_SILENT: {
    message: (p: { ms: number }) => `The lease was not renewed within ${p.ms} ms`,
    status: 503,
    retryable: true,
    hint: 'Check the database and the way to it; until it answers, this member starts no effects.',
  },
  LINK_KIND_TAKEN: {
    message: (p: { kind: string }) => `Messages of kind ${p.kind} have a handler already.`,
    status: 500,
    retryable: false,
    hint: 'One handler per kind; unregister the first one before.',
  },
  LINK_KIND_UNKNOWN: {
    message: (p: { kind: string }) => `Messages of kind ${p.kind.slice(0, 80)} mean nothing to this member.`,
    status: 501,
    retryable: false,
    hint: 'The sender runs another version; during a rolling upgrade this passes by itself.',
  },
});
