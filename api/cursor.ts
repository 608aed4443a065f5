import { errors } from './errors.ts';

/** Page cursors are opaque to callers: base64url of the place after which the next page starts. */
export function cursorOf(next: string | undefined): string | null {
  return next === undefined ? null : Buffer.from(JSON.stringify({ after: next })).toString('base64url');
}

/** The place a cursor stands for. Throws CURSOR_INVALID for anything that {@link cursorOf} did not make. */
export function placeOf(cursor: string): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof value === 'object' && value !== null && 'after' in value && typeof value.after === 'string') {
      return value.after;
    }
  } catch {
    // Not ours: answered below like every other foreign cursor.
  }
  throw errors.CURSOR_INVALID({});
}
