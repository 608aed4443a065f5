import type { Evaluation } from '../evaluation.ts';
import { rangeFault, typeFault } from '../errors.ts';
import { REGEX_CHARACTERS } from '../limits.ts';
import { chargeRegex, freshRegex, makeRegex } from '../regex.ts';
import { GuestFunction, integerOf, newRecord, define, textOf, callFunction } from '../values.ts';
import { hostMethods, methods, type MethodTable } from './table.ts';

/** Methods of text. Every one that can grow counts its bytes first. */

function isRegex(value: unknown): value is RegExp {
  return value instanceof RegExp;
}

function pad(e: Evaluation, self: string, args: unknown[], end: boolean): string {
  const length = integerOf(e, args[0]);
  const fill = args[1] === undefined ? ' ' : textOf(e, args[1]);
  e.allocate(Math.max(0, length));
  return end ? self.padEnd(length, fill) : self.padStart(length, fill);
}

function repeat(e: Evaluation, self: string, args: unknown[]): string {
  const count = integerOf(e, args[0]);
  if (count < 0 || count === Infinity) throw rangeFault('Invalid count value');
  e.allocate(self.length * count);
  return self.repeat(count);
}

function split(e: Evaluation, self: string, args: unknown[]): unknown[] {
  const [separator] = args;
  const limit = args[1] === undefined ? undefined : integerOf(e, args[1]);
  if (isRegex(separator)) chargeRegex(e, separator, self);
  const parts = self.length + 1;
  if (isRegex(separator)) {
    e.elements(Math.min(parts, 100_000));
    const made = self.split(freshRegex(separator), limit);
    e.elements(made.length);
    return made;
  }
  if (separator === undefined) return [self];
  const text = textOf(e, separator);
  e.elements(text === '' ? parts : Math.ceil(parts / text.length));
  return self.split(text, limit);
}

/** A match as guest data: an array; its groups as an object behind `groups` are lost as arrays have no other members. */
function matchData(match: RegExpExecArray | RegExpMatchArray): unknown {
  const made: unknown[] = [...match];
  const groups = newRecord();
  for (const [name, value] of Object.entries(match.groups ?? {})) define(groups, name, value);
  Object.defineProperty(made, 'groups', { value: match.groups === undefined ? undefined : groups });
  Object.defineProperty(made, 'index', { value: match.index });
  Object.defineProperty(made, 'input', { value: match.input });
  return made;
}

/** `regex.exec(text)`; moves `lastIndex` of a global expression. */
export function exec(e: Evaluation, regex: RegExp, text: string): unknown {
  chargeRegex(e, regex, text);
  const match = regex.exec(text);
  return match === null ? null : matchData(match);
}

function toRegex(e: Evaluation, value: unknown, flags: string): RegExp {
  if (isRegex(value)) return freshRegex(value);
  return makeRegex(value === undefined ? '(?:)' : textOf(e, value), flags);
}

function match(e: Evaluation, self: string, args: unknown[]): unknown {
  const regex = toRegex(e, args[0], '');
  if (!regex.global) return exec(e, regex, self);
  chargeRegex(e, regex, self);
  const found = self.match(regex);
  if (found !== null) e.elements(found.length);
  return found;
}

function matchAll(e: Evaluation, self: string, args: unknown[]): unknown[] {
  const regex = toRegex(e, args[0], 'g');
  if (!regex.global) throw typeFault('String.prototype.matchAll called with a non-global RegExp argument');
  chargeRegex(e, regex, self);
  const made: unknown[] = [];
  for (const one of self.matchAll(regex)) {
    e.elements(one.length + 4);
    made.push(matchData(one));
  }
  return made;
}

/** Puts `$1`, `$&`, `$<name>` … of a replacement text in place, as JavaScript does. */
function fill(template: string, found: Found): string {
  return template.replace(
    /\$(?:([$&`'])|(\d{1,2})|<([^>]*)>)/g,
    (whole, sign: string, digits: string, name: string) => {
      if (sign === '$') return '$';
      if (sign === '&') return found.text;
      if (sign === '`') return found.input.slice(0, found.index);
      if (sign === "'") return found.input.slice(found.index + found.text.length);
      if (name !== undefined) return found.named === undefined ? whole : (found.named[name] ?? '');
      const two = Number(digits);
      if (two >= 1 && two <= found.groups.length) return found.groups[two - 1] ?? '';
      const one = Number(digits[0]);
      if (digits.length === 2 && one >= 1 && one <= found.groups.length)
        return (found.groups[one - 1] ?? '') + digits.slice(1);
      return whole;
    },
  );
}

interface Found {
  readonly text: string;
  readonly index: number;
  readonly input: string;
  readonly groups: readonly (string | undefined)[];
  readonly named: Record<string, string | undefined> | undefined;
}

function occurrences(e: Evaluation, self: string, pattern: unknown, all: boolean): Found[] {
  if (isRegex(pattern)) {
    const regex = freshRegex(pattern);
    chargeRegex(e, regex, self);
    const matches = regex.global ? [...self.matchAll(regex)] : [regex.exec(self)];
    return matches.flatMap((one) =>
      one === null
        ? []
        : [{ text: one[0], index: one.index, input: self, groups: [...one].slice(1), named: one.groups }],
    );
  }
  const text = textOf(e, pattern);
  const found: Found[] = [];
  for (let at = self.indexOf(text); at >= 0; at = self.indexOf(text, at + Math.max(1, text.length))) {
    e.spend(1);
    found.push({ text, index: at, input: self, groups: [], named: undefined });
    if (!all || at >= self.length) break;
  }
  return found;
}

function replace(e: Evaluation, self: string, args: unknown[], all: boolean): string {
  const [pattern, by] = args;
  if (all && isRegex(pattern) && !pattern.global) throw typeFault('replaceAll must be called with a global RegExp');
  const template = by instanceof GuestFunction ? undefined : textOf(e, by);
  const parts: string[] = [];
  let end = 0;
  const push = (part: string) => {
    e.allocate(part.length);
    parts.push(part);
  };
  for (const found of occurrences(e, self, pattern, all)) {
    push(self.slice(end, found.index));
    const extra = found.named === undefined ? [] : [{ ...found.named }];
    if (template === undefined) {
      push(textOf(e, callFunction(e, by, [found.text, ...found.groups, found.index, self, ...extra])));
    } else if (template.includes('$')) {
      // Each $' or $` can bring the whole text.
      e.allocate(template.length + (template.match(/\$[`']/g)?.length ?? 0) * self.length);
      push(fill(template, found));
    } else push(template);
    end = found.index + found.text.length;
  }
  push(self.slice(end));
  return parts.join('');
}

export const STRING_METHODS: MethodTable = new Map([
  ...hostMethods(String.prototype, [
    'at',
    'charAt',
    'charCodeAt',
    'codePointAt',
    'isWellFormed',
    'slice',
    'substring',
    'substr',
    'trim',
    'trimStart',
    'trimEnd',
    'trimLeft',
    'trimRight',
    'toLowerCase',
    'toUpperCase',
    'toLocaleLowerCase',
    'toLocaleUpperCase',
    'toWellFormed',
  ]),
  ...methods<string>({
    concat: (e, self, args) => {
      let text = self;
      for (const arg of args) {
        const part = textOf(e, arg);
        e.allocate(text.length + part.length);
        text += part;
      }
      return text;
    },
    endsWith: (e, self, args) =>
      self.endsWith(textOf(e, args[0]), args[1] === undefined ? undefined : integerOf(e, args[1])),
    includes: (e, self, args) => self.includes(textOf(e, args[0]), integerOf(e, args[1])),
    indexOf: (e, self, args) => self.indexOf(textOf(e, args[0]), integerOf(e, args[1])),
    lastIndexOf: (e, self, args) =>
      self.lastIndexOf(textOf(e, args[0]), args[1] === undefined ? undefined : integerOf(e, args[1])),
    localeCompare: (e, self, args) =>
      self.localeCompare(textOf(e, args[0]), args[1] === undefined ? 'en-US' : textOf(e, args[1])),
    match,
    matchAll,
    normalize: (e, self, args) => {
      e.allocate(self.length * 4);
      return self.normalize(args[0] === undefined ? 'NFC' : textOf(e, args[0]));
    },
    padEnd: (e, self, args) => pad(e, self, args, true),
    padStart: (e, self, args) => pad(e, self, args, false),
    repeat,
    replace: (e, self, args) => replace(e, self, args, false),
    replaceAll: (e, self, args) => replace(e, self, args, true),
    search: (e, self, args) => {
      const regex = toRegex(e, args[0], '');
      chargeRegex(e, regex, self);
      return self.search(regex);
    },
    split,
    startsWith: (e, self, args) => self.startsWith(textOf(e, args[0]), integerOf(e, args[1])),
    toString: (_e: Evaluation, self: string) => self,
    valueOf: (_e: Evaluation, self: string) => self,
  }),
]);

export const REGEX_METHODS: MethodTable = methods<RegExp>({
  exec: (e, self, args) => exec(e, self, textOf(e, args[0])),
  test: (e, self, args) => {
    const text = textOf(e, args[0]);
    chargeRegex(e, self, text);
    return self.test(text);
  },
  toString: (_e: Evaluation, self: RegExp) => `/${self.source.slice(0, REGEX_CHARACTERS)}/${self.flags}`,
});
