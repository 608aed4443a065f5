import { stop } from './errors.ts';

/**
 * Names that lead to prototypes and constructors. No value of an expression has them, so reading one can only be an
 * attack or a mistake: it stops with n8n's text. As an own key of data (`{"constructor": 1}`) each is just data.
 */
const DENIED: ReadonlySet<string> = new Set([
  '__proto__',
  'prototype',
  'constructor',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
  'prepareStackTrace',
  'captureStackTrace',
  'caller',
  'callee',
  'mainModule',
  'binding',
  '_load',
]);

/** Names that an expression may not even mention as a variable. */
const DENIED_VARIABLES: ReadonlySet<string> = new Set([
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
  '___n8n_data',
  '__sanitize',
]);

/** Stops when `key`, which the value does not own, is one that must not be asked for. */
export function refuseDenied(key: string): void {
  if (DENIED.has(key)) throw stop('EXPRESSION_DENIED', { name: key });
}

export function isDeniedVariable(name: string): boolean {
  return DENIED_VARIABLES.has(name);
}
