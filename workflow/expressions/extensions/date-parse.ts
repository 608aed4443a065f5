import { DateTime } from 'luxon';
import { functionStop } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { kindOf, textOf } from '../values.ts';

/** Reading dates out of values. */

const TEXT_CHARACTERS = 200;

/**
 * A date in one of the usual notations: ISO, HTTP, RFC 2822, SQL, then whatever JavaScript reads. A text that names
 * its zone keeps it; one that does not is in `zone`. Invalid when nothing fits.
 */
export function parseDateText(text: string, zone: string): DateTime {
  if (text.length > TEXT_CHARACTERS) return DateTime.invalid('too long');
  const options = { setZone: true, zone };
  for (const read of [DateTime.fromISO, DateTime.fromHTTP, DateTime.fromRFC2822, DateTime.fromSQL] as const) {
    const date = read(text, options);
    if (date.isValid) return date;
  }
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? DateTime.invalid('unparsable') : DateTime.fromMillis(parsed, { zone });
}

/** A DateTime out of a DateTime, a JS Date or a text; stops the run otherwise. */
export function dateArgument(e: Evaluation, value: unknown, name: string): DateTime {
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'dateTime':
      return seen as DateTime;
    case 'date':
      return DateTime.fromJSDate(seen as Date, { zone: e.scene.zone });
    case 'string': {
      const date = parseDateText(seen as string, e.scene.zone);
      if (date.isValid) return date;
      throw functionStop(`${name}(): '${textOf(e, seen).slice(0, 100)}' is not a date`);
    }
    default:
      throw functionStop(`${name}(): expected a date`);
  }
}
