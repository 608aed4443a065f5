import { defineErrors } from '#workflow';

/** Rows of the composition: what only a whole member can say. */
export const errors = defineErrors({
  MEMBER_UNKNOWN: {
    message: (p: { member: string }) => `No living member is called "${p.member}"`,
    status: 404,
    retryable: false,
    hint: 'Look at the names in "troupe cluster members" or GET /api/v1/cluster/members.',
  },
  MEMBER_AMBIGUOUS: {
    message: (p: { member: string; bootIds: readonly string[] }) =>
      `${p.bootIds.length} living members are called "${p.member}": ${p.bootIds.join(', ')}`,
    status: 409,
    retryable: false,
    hint: 'Name one by its boot id, and give each member a name of its own with TROUPE_MEMBER_NAME.',
  },
});
