import { defineErrors } from '#workflow';

/** Rows of the cluster layer. */
export const errors = defineErrors({
  LEASE_STORE_SILENT: {
    message: (p: { ms: number }) => `The lease was not renewed within ${p.ms} ms`,
    status: 503,
    retryable: true,
    hint: 'Check the database and the way to it; until it answers, this member starts no effects.',
  },
  LEASE_THREAD_FAILED: {
    message: (p: { reason: string }) => `The thread that renews the lease failed: ${p.reason}`,
    status: 503,
    retryable: true,
    hint: 'It is started again by itself; meanwhile the main loop renews.',
  },
  CONSUL_ADDRESS_INVALID: {
    message: (p: { address: string }) => `"${p.address.slice(0, 200)}" is no address of a Consul agent`,
    status: 500,
    retryable: false,
    hint: 'Set CONSUL_HTTP_ADDR to http://host:8500, https://host:8501 or host:8500.',
  },
  CONSUL_UNAVAILABLE: {
    message: (p: { address: string; call: string; reason: string }) =>
      `Consul at ${p.address} cannot be reached (${p.call}): ${p.reason}`,
    status: 503,
    retryable: true,
    hint: 'The cluster goes on with the last view; leases in the database decide who owns what.',
  },
  CONSUL_REFUSED: {
    message: (p: { address: string; call: string; answer: number; reason: string }) =>
      `Consul at ${p.address} answered ${p.answer} (${p.call}): ${p.reason}`,
    status: 502,
    retryable: true,
    hint: 'With 401 or 403 look at CONSUL_HTTP_TOKEN: it needs service:write and service:read for this name.',
  },
  MEMBER_ADDRESS_INVALID: {
    message: (p: { address: string }) => `"${p.address.slice(0, 200)}" is no URL where this member could be reached`,
    status: 500,
    retryable: false,
    hint: 'Give it as http://host:port or https://host:port.',
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
