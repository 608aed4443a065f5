import { errors } from '../errors.ts';
import { BUS_LIMITS } from './limits.ts';

const PATTERN = /^(?:[\w-]+|\*|#)(?:\.(?:[\w-]+|\*|#))*$/;
const GROUP = /^[\w-]{1,64}$/;

/**
 * A test for event types. Patterns are those of topic exchanges: words joined by dots, `*` is one word, `#` is any
 * number of words. Throws BUS_PATTERN_INVALID; no pattern at all is invalid too.
 */
export function matcherOf(patterns: readonly string[]): (type: string) => boolean {
  if (patterns.length === 0) throw errors.BUS_PATTERN_INVALID({ pattern: '' });
  const all = patterns.map((pattern) => {
    if (!PATTERN.test(pattern) || pattern.length > BUS_LIMITS.PATTERN_CHARACTERS) {
      throw errors.BUS_PATTERN_INVALID({ pattern });
    }
    return pattern.split('.');
  });
  return (type) => {
    const words = type.split('.');
    return all.some((pattern) => matchesWords(pattern, words));
  };
}

/** Throws BUS_GROUP_INVALID. */
export function checkGroup(group: string): void {
  if (!GROUP.test(group)) throw errors.BUS_GROUP_INVALID({ group });
}

function matchesWords(pattern: readonly string[], words: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return words.length === 0;
  if (head === '#') return matchesWords(rest, words) || (words.length > 0 && matchesWords(pattern, words.slice(1)));
  return words.length > 0 && (head === '*' || head === words[0]) && matchesWords(rest, words.slice(1));
}
