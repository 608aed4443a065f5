import { Fault, functionStop, Stop, stop } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { REGEX_CHARACTERS, REGEX_INPUT_CHARACTERS, REGEX_PATTERNS, REGEX_WORK_STEPS } from './limits.ts';
import { judgeRegex } from './regex-safety.ts';

/**
 * Regular expressions of authors. One is built only after {@link judgeRegex} found that it cannot blow up, and is
 * run only on a text short enough for its worst case. What is refused here can be done in a Code node, whose
 * process may be killed; running refused patterns there by themselves is a later step.
 */

const FLAGS = /^[dgimsuvy]*$/;
const degrees = new WeakMap<RegExp, number>();

/** Builds a regular expression from an author's text. Throws EXPRESSION_REGEX_UNSAFE; bad syntax is a SyntaxError. */
export function makeRegex(source: string, flags: string): RegExp {
  if (source.length > REGEX_CHARACTERS) {
    throw stop('EXPRESSION_REGEX_UNSAFE', { pattern: source, reason: `it is longer than ${REGEX_CHARACTERS}` });
  }
  if (!FLAGS.test(flags)) throw new Fault('SyntaxError', `Invalid flags '${flags}'`);
  const verdict = judgeRegex(source, flags);
  if (!verdict.safe) throw stop('EXPRESSION_REGEX_UNSAFE', { pattern: source, reason: verdict.reason });
  try {
    const made = new RegExp(source, flags);
    degrees.set(made, verdict.degree);
    return made;
  } catch (error) {
    throw new Fault('SyntaxError', error instanceof Error ? error.message : 'Invalid regular expression');
  }
}

/** A copy with its own `lastIndex`, so that a literal does not carry state from one item to the next. */
export function freshRegex(regex: RegExp): RegExp {
  const copy = new RegExp(regex.source, regex.flags);
  degrees.set(copy, degrees.get(regex) ?? 1);
  return copy;
}

/** Refuses a text that is too long for the worst case of the expression. */
function limitRegex(regex: RegExp, text: string): void {
  const degree = degrees.get(regex);
  if (degree === undefined)
    throw stop('EXPRESSION_REGEX_UNSAFE', { pattern: regex.source, reason: 'it was not checked' });
  if (text.length > REGEX_INPUT_CHARACTERS) {
    throw stop('EXPRESSION_LIMIT', { what: 'characters for a regular expression', limit: REGEX_INPUT_CHARACTERS });
  }
  if (text.length ** degree > REGEX_WORK_STEPS) {
    const limit = Math.floor(REGEX_WORK_STEPS ** (1 / degree));
    throw stop('EXPRESSION_LIMIT', {
      what: `characters for the regular expression /${regex.source.slice(0, 60)}/`,
      limit,
    });
  }
}

/** Pays for one run of `regex` over `text`, or refuses it. */
export function chargeRegex(e: Evaluation, regex: RegExp, text: string): void {
  limitRegex(regex, text);
  e.spend(1 + Math.floor(text.length / 16));
}

/** `/source/flags` as authors write it in filter fields, else the whole text as source. */
export function regexFromText(text: string): RegExp {
  const match = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return match === null ? makeRegex(text, '') : makeRegex(match[1] ?? '', match[2] ?? '');
}

const patterns = new Map<string, RegExp>();

/**
 * Whether a text matches a pattern that an author typed into a field, plain or as `/source/flags`. Throws
 * EXPRESSION_REGEX_UNSAFE for a pattern that could run away, EXPRESSION_LIMIT for a text too long for it, and
 * EXPRESSION_FUNCTION for bad syntax.
 */
export function patternMatches(pattern: string, text: string): boolean {
  try {
    let regex = patterns.get(pattern);
    if (regex === undefined) {
      regex = regexFromText(pattern);
      if (patterns.size >= REGEX_PATTERNS) patterns.clear();
      patterns.set(pattern, regex);
    }
    limitRegex(regex, text);
    regex.lastIndex = 0;
    return regex.test(text);
  } catch (error) {
    if (error instanceof Stop) throw error.build({});
    if (error instanceof Fault) throw functionStop(error.message).build({});
    throw error;
  }
}
