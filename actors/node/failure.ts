import { TroupeError, type ItemError, type JsonObject } from '#workflow';

/** A failure as run data carries it: message, name, code, description and the place; never a stack, never a cause chain. */
export function asItemError(error: unknown): ItemError {
  if (!(error instanceof Error)) return { message: String(error), name: 'Error' };
  const item: ItemError = { message: error.message, name: error.name };
  if (error instanceof TroupeError) {
    item['code'] = error.code;
    if (error.hint !== undefined) item.description = error.hint;
    Object.assign(item, shown(error.details));
  }
  return item;
}

const SHOWN = [
  'description',
  'line',
  'itemIndex',
  'httpCode',
  'node',
  'parameter',
  'position',
  'n8nName',
  'retryAt',
] as const;

function shown(details: Readonly<Record<string, unknown>>): JsonObject {
  const picked: JsonObject = {};
  for (const key of SHOWN) {
    const value = details[key];
    if (typeof value === 'string' || typeof value === 'number') picked[key] = value;
  }
  return picked;
}
