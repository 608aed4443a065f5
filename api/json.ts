import type { JsonValue } from '#workflow';
import { errors } from './errors.ts';
import { API_LIMITS } from './limits.ts';

/**
 * Reads a JSON text from outside. Refused: what is not JSON, nesting over JSON_DEPTH_LEVELS, and the key
 * `__proto__` wherever it stands (other keys that name members of objects are data).
 */
export function parseJson(text: string): JsonValue {
  if (text.length > API_LIMITS.JSON_DEPTH_LEVELS) refuseDepth(text);
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw errors.BODY_NOT_JSON({ fault: error instanceof Error ? error.message : 'unreadable' });
  }
  // The key can also be written with escapes: then, and only then, look at every key.
  if (text.includes('__proto__') || text.includes('\\u005')) refuseProto(value);
  return value;
}

/** Counts brackets outside strings; a text that closes more than it opens fails in the parser anyway. */
function refuseDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === 92) index += 1;
      else if (code === 34) quoted = false;
    } else if (code === 34) quoted = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > API_LIMITS.JSON_DEPTH_LEVELS) throw errors.BODY_TOO_DEEP({ levels: API_LIMITS.JSON_DEPTH_LEVELS });
    } else if (code === 93 || code === 125) depth -= 1;
  }
}

function refuseProto(value: JsonValue): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    value.forEach(refuseProto);
    return;
  }
  if (Object.hasOwn(value, '__proto__')) throw errors.BODY_KEY_REFUSED({ key: '__proto__' });
  Object.values(value).forEach(refuseProto);
}
