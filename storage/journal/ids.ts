import { errors } from '../errors.ts';

/** The number of an execution id; ids are decimal strings below 2^53. Throws ID_INVALID. */
export function idNumber(id: string): number {
  const number = Number(id);
  if (!Number.isSafeInteger(number) || number < 0 || String(number) !== id) throw errors.ID_INVALID({ id });
  return number;
}

/** The same, but undefined for what is no id: for look-ups by what a caller typed. */
export function idNumberOr(id: string): number | undefined {
  const number = Number(id);
  return Number.isSafeInteger(number) && number >= 0 && String(number) === id ? number : undefined;
}
