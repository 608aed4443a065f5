import { errors } from './errors.ts';

/** Refuses anything but a whole number from `least` to `most`; names the field. */
export function wholeNumber(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw errors.SUPERVISION_INVALID({ field, value, allowed: `a whole number from ${least} to ${most}` });
  }
}

export function oneOf(field: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw errors.SUPERVISION_INVALID({ field, value, allowed: allowed.join(', ') });
}
