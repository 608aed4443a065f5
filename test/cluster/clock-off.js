// @ts-check
/** Loaded before a member (`--import`): its wall clock is CLOCK_OFF_MS off. Its monotonic clock is not. */
import process from 'node:process';

const off = Number(process.env['CLOCK_OFF_MS'] ?? 0);
const TrueDate = Date;

class OffDate extends TrueDate {
  /** @param {...any} given as `Date` takes them */
  constructor(...given) {
    if (given.length === 0) super(TrueDate.now() + off);
    // @ts-expect-error `Date` has no signature for a list of arguments
    else super(...given);
  }

  /** @override */
  static now() {
    return TrueDate.now() + off;
  }
}

globalThis.Date = /** @type {DateConstructor} */ (/** @type {unknown} */ (OffDate));
