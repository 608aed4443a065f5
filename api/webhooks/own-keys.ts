import { errors } from '../errors.ts';

/**
 * Sets a key that came from outside as an own property. A plain assignment would fail for `constructor` and the like
 * once the prototypes are frozen, and would set the prototype for `__proto__`, which is refused.
 */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === '__proto__') throw errors.BODY_KEY_REFUSED({ key });
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
