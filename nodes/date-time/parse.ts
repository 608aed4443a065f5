import { DateTime } from 'luxon';

import { errors } from '../errors.ts';
import { asText, isRecord } from '../values.ts';

/** Digits from which on a number is milliseconds: 12 digits are reached in 1973, in seconds in the year 5138. */
const MILLISECOND_DIGITS = 12;
const ZONE_NAMED = /(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})\s*(?:\([^)]*\))?$/i;

/**
 * Reads what people give as a date: a date of an expression, a timestamp (under 12 digits: seconds), ISO, the email
 * form, or what JavaScript reads. A date without a zone is UTC; no text at all is the start of 1970, as in n8n.
 * Throws NODE_DATE_INVALID.
 */
export function readDate(value: unknown, zone: string, fromFormat = ''): DateTime {
  const read = value instanceof DateTime ? value : fromOther(value, fromFormat);
  const date = read.setZone(zone);
  if (!date.isValid) throw errors.NODE_DATE_INVALID({ value: asText(value) });
  return date;
}

function fromOther(value: unknown, fromFormat: string): DateTime {
  if (isRecord(value) && typeof value['toMillis'] === 'function')
    return DateTime.fromMillis(Number(value['toMillis']()));
  if (value instanceof Date) return DateTime.fromJSDate(value);
  const text = asText(value).trim();
  if (fromFormat !== '') return DateTime.fromFormat(text, fromFormat, { zone: 'utc', locale: 'en' });
  const number = Number(text);
  if (Number.isFinite(number)) {
    const whole = Math.round(number);
    return String(Math.abs(whole)).length < MILLISECOND_DIGITS
      ? DateTime.fromSeconds(whole)
      : DateTime.fromMillis(whole);
  }
  return fromText(text);
}

function fromText(text: string): DateTime {
  const iso = DateTime.fromISO(text.replace(' ', 'T'), { zone: 'utc', setZone: true });
  if (iso.isValid) return iso;
  const mail = DateTime.fromRFC2822(text, { setZone: true });
  if (mail.isValid) return mail;
  // JavaScript reads a text without zone in the zone of the process; that must not decide here.
  return DateTime.fromMillis(Date.parse(ZONE_NAMED.test(text) ? text : `${text} UTC`));
}
