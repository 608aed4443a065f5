import { rangeFault } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { integerOf, isRecord, textOf } from '../values.ts';
import type { GuestError } from '../values.ts';
import { methods, plainArguments, type MethodTable } from './table.ts';

/** Methods of numbers, bigints, booleans, plain objects and errors. */

/** The language that `toLocaleString` and `Intl` use where the author names none. */
export const DEFAULT_LOCALE = 'en-US';

export const NUMBER_METHODS: MethodTable = methods<number>({
  toExponential: (e, self, args) => self.toExponential(args[0] === undefined ? undefined : integerOf(e, args[0])),
  toFixed: (e, self, args) => self.toFixed(integerOf(e, args[0])),
  toLocaleString: (e: Evaluation, self: number, args: unknown[]) => {
    const [locale, options] = plainArguments(e, args);
    return self.toLocaleString(
      locale === undefined ? DEFAULT_LOCALE : textOf(e, locale),
      isRecord(options) ? options : undefined,
    );
  },
  toPrecision: (e, self, args) => (args[0] === undefined ? String(self) : self.toPrecision(integerOf(e, args[0]))),
  toString: (e: Evaluation, self: number, args: unknown[]) =>
    self.toString(args[0] === undefined ? 10 : integerOf(e, args[0])),
  valueOf: (_e: Evaluation, self: number) => self,
});

export const BIGINT_METHODS: MethodTable = methods<bigint>({
  toLocaleString: (_e: Evaluation, self: bigint) => self.toLocaleString(DEFAULT_LOCALE),
  toString: (e: Evaluation, self: bigint, args: unknown[]) => {
    const radix = args[0] === undefined ? 10 : integerOf(e, args[0]);
    if (radix < 2 || radix > 36) throw rangeFault('toString() radix must be between 2 and 36');
    return self.toString(radix);
  },
  valueOf: (_e: Evaluation, self: bigint) => self,
});

export const BOOLEAN_METHODS: MethodTable = methods<boolean>({
  toString: (_e: Evaluation, self: boolean) => String(self),
  valueOf: (_e: Evaluation, self: boolean) => self,
});

export const OBJECT_METHODS: MethodTable = methods<object>({
  hasOwnProperty: (e: Evaluation, self: object, args: unknown[]) => Object.hasOwn(self, textOf(e, args[0])),
  toString: () => '[object Object]',
  toLocaleString: () => '[object Object]',
  valueOf: (_e: Evaluation, _self: object, _args: unknown[], handle: unknown) => handle,
});

export const ERROR_METHODS: MethodTable = methods<GuestError>({
  toString: (e: Evaluation, self: GuestError) => textOf(e, self),
});
