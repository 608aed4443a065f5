import type { JsonObject, JsonValue } from '#workflow';
import { errors } from '../errors.ts';
import { API_LIMITS } from '../limits.ts';
import { setOwn } from './own-keys.ts';

/**
 * Reads a query string or an urlencoded form. Values are text; `a=1&a=2` and `a[]=1&a[]=2` are lists, `a[k]=v` is an
 * object, `a[0]=x` a list by index. At most FORM_PAIRS pairs; nesting over FORM_DEPTH_LEVELS stays in the key.
 */
export function parseForm(text: string): JsonObject {
  const form: JsonObject = {};
  if (text === '') return form;
  let pairs = 0;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    pairs += 1;
    if (pairs > API_LIMITS.FORM_PAIRS) {
      throw errors.BODY_MALFORMED({ kind: 'form', fault: `more than ${API_LIMITS.FORM_PAIRS} fields` });
    }
    const equals = pair.indexOf('=');
    const key = decode(equals === -1 ? pair : pair.slice(0, equals));
    put(form, key, equals === -1 ? '' : decode(pair.slice(equals + 1)));
  }
  return form;
}

/** Adds a field that may use brackets; multipart bodies share this. */
export function put(form: JsonObject, key: string, value: string): void {
  const open = key.indexOf('[');
  if (open <= 0) {
    append(form, key, value);
    return;
  }
  let target = form;
  const steps = stepsOf(key, open);
  for (let index = 0; index < steps.length - 1; index += 1)
    target = descend(target, steps[index] ?? '', steps[index + 1]);
  append(target, steps.at(-1) ?? '', value);
}

/** `a[b][]` is `a`, `b`, ``; what does not close or is too deep stays one key. */
function stepsOf(key: string, open: number): string[] {
  const steps = [key.slice(0, open)];
  const inner = /\[([^[\]]*)\]/gy;
  inner.lastIndex = open;
  let end = open;
  for (let match = inner.exec(key); match !== null; match = inner.exec(key)) {
    if (steps.length > API_LIMITS.FORM_DEPTH_LEVELS) break;
    steps.push(match[1] ?? '');
    end = inner.lastIndex;
  }
  return end === key.length ? steps : [key];
}

function descend(target: JsonObject, step: string, next: string | undefined): JsonObject {
  const known = own(target, step);
  if (known !== null && typeof known === 'object') return asContainer(known);
  const made: JsonValue = next === '' || isIndex(next) ? [] : {};
  setOwn(target, slot(target, step), made);
  return asContainer(made);
}

function append(target: JsonObject, step: string, value: string): void {
  const known = own(target, step);
  if (known === undefined) setOwn(target, slot(target, step), value);
  else if (Array.isArray(known)) known.push(value);
  else setOwn(target, step, [known, value]);
}

/** Lists are filled through the same functions as objects: their keys are indices. */
function asContainer(value: JsonValue[] | JsonObject): JsonObject {
  // An array is an object whose keys are its indices; `slot` gives no other keys to it.
  return value as JsonObject;
}

/** Where a step lands: an empty or foreign key of a list means its end. */
function slot(target: object, step: string): string {
  if (!Array.isArray(target)) return step;
  return isIndex(step) && Number(step) <= target.length ? step : String(target.length);
}

function own(target: JsonObject, step: string): JsonValue | undefined {
  if (Array.isArray(target) && !isIndex(step)) return undefined;
  return Object.hasOwn(target, step) ? target[step] : undefined;
}

function isIndex(step: string | undefined): boolean {
  return step !== undefined && /^(0|[1-9][0-9]{0,3})$/.test(step) && Number(step) <= API_LIMITS.FORM_ARRAY_INDEX;
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not UTF-8: callers see what was sent rather than an error about one field.
    return spaced;
  }
}
