/** A lease runs this long from its renewal; a member that is silent for longer may be taken over. */
export const LEASE_MS = 5_000;
/** Pause between renewals: four may fail before the lease runs out. */
export const RENEW_MS = 1_000;
/** A renewal without answer for this long counts as failed, and the next one is tried. */
export const RENEW_TIMEOUT_MS = 2_000;
/** Pause between looks for shards without a living owner. With the lease it bounds a takeover well under 15 s. */
export const CLAIM_SWEEP_MS = 2_000;
