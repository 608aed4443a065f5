import { defineErrors } from '#workflow';

/** Every error this folder raises. */
export const errors = defineErrors({
  SUPERVISION_INVALID: {
    message: (p: { field: string; value: unknown; allowed: string }) =>
      `${p.field} is ${shown(p.value)}; allowed is ${p.allowed}.`,
    status: 500,
    retryable: false,
    hint: 'Supervision settings are checked at start; correct the named field.',
  },
  SUPERVISION_CONTRADICTORY: {
    message: (p: { child: string; why: string }) =>
      `The settings of child ${JSON.stringify(p.child)} contradict: ${p.why}.`,
    status: 500,
    retryable: false,
    hint: 'Change one of the two settings named.',
  },
  RESTARTS_EXCEEDED: {
    message: (p: { supervisor: string; child: string; used: number; allowed: number; windowMs: number }) =>
      `${p.child} under ${p.supervisor} needed restart ${p.used}; ${p.allowed} are allowed in ${p.windowMs} ms.`,
    status: 500,
    retryable: false,
    hint: 'The cause of the last crash is attached; mend it, or raise the budget.',
  },
});

function shown(value: unknown): string {
  return typeof value === 'number' || value === undefined
    ? String(value)
    : (JSON.stringify(value)?.slice(0, 200) ?? typeof value);
}
