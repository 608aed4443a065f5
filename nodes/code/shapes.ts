import type { BinaryData, Item, ItemError, JsonObject, JsonValue, PairedItem } from '#workflow';

import { errors } from './errors.ts';

/**
 * What code may return, and what becomes of it. Rules and messages as observed in n8n 2.41.1; the value comes as
 * JSON, so dates are texts here already, as they are in n8n once items are stored.
 */

const KEYS = new Set(['json', 'binary', 'pairedItem', 'error', 'index']);
const NOT_ITEMS = {
  problem: "Code doesn't return items properly",
  description: 'Please return an array of objects, one for each item you would like to output.',
};

/** Items of a run for all items. `absent`: the code returned undefined. */
export function itemsOfAll(value: JsonValue | undefined): Item[] {
  if (value === null) return [];
  if (value === undefined || typeof value !== 'object') throw errors.CODE_RETURN_INVALID(NOT_ITEMS);
  if (Array.isArray(value)) checkRows(value);
  return normalize(Array.isArray(value) ? value : [value]).map((row, index) => itemOf(row, index));
}

/** The item of a run for one item, linked to it; undefined when it is dropped. */
export function itemOfEach(value: JsonValue | undefined, index: number): Item | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') {
    throw errors.CODE_RETURN_INVALID({
      problem: "Code doesn't return an object",
      description: `Please return an object representing the output item. ('${String(value)}' was returned instead.)`,
      item: index,
    });
  }
  if (!Array.isArray(value) && 'json' in value) checkKeys(value, index);
  const [row = {}] = normalize([value]);
  return { ...itemOf(row, index), pairedItem: { item: index } };
}

/** Items that a Function node returned: always an array, items with `json` or plain objects. */
export function itemsOfFunction(value: JsonValue | undefined): Item[] {
  if (value === undefined || value === null) {
    throw errors.CODE_RETURN_INVALID({
      problem: 'No data got returned. Always return an Array of items!',
      description: '',
    });
  }
  if (!Array.isArray(value)) {
    throw errors.CODE_RETURN_INVALID({ problem: 'Always an Array of items has to be returned!', description: '' });
  }
  return normalize(value).map((row) => {
    if (!isRow(row) || row['json'] === undefined) {
      throw errors.CODE_RETURN_INVALID({
        problem: 'All returned items have to contain a property named "json"!',
        description: '',
      });
    }
    if (!isRow(row['json'])) {
      throw errors.CODE_RETURN_INVALID({ problem: 'The json-property has to be an object!', description: '' });
    }
    if (row['binary'] !== undefined && !isRow(row['binary'])) {
      throw errors.CODE_RETURN_INVALID({ problem: 'The binary-property has to be an object!', description: '' });
    }
    return itemOf(row, 0);
  });
}

function checkRows(rows: readonly JsonValue[]): void {
  if (rows.some((row) => !isRow(row))) throw errors.CODE_RETURN_INVALID(NOT_ITEMS);
  const itemLike = rows.some((row) => isRow(row) && Object.keys(row).some((key) => KEYS.has(key)));
  if (!itemLike) return;
  for (const [index, row] of rows.entries()) if (isRow(row)) checkKeys(row, index);
}

function checkKeys(row: JsonObject, index: number): void {
  const stranger = Object.keys(row).find((key) => !KEYS.has(key));
  if (stranger === undefined) return;
  throw errors.CODE_RETURN_INVALID({
    problem: `Unknown top-level item key: ${stranger}`,
    description: 'Access the properties of an item under `.json`, e.g. `item.json`',
    item: index,
  });
}

/** Plain objects become the `json` of an item; a mix of both kinds is refused. */
function normalize(rows: readonly JsonValue[]): JsonObject[] {
  const having = (key: string): number => rows.filter((row) => isRow(row) && key in row).length;
  const withJson = having('json');
  if (withJson === rows.length) return rows.filter(isRow);
  const withBinary = having('binary');
  if (withJson > 0 || (withBinary > 0 && withBinary < rows.length)) {
    throw errors.CODE_RETURN_INVALID({ problem: 'Inconsistent item format', description: NOT_ITEMS.description });
  }
  if (withBinary > 0) return rows.filter(isRow).map((row) => ({ ...row, json: {} }));
  return rows.map((row) => ({ json: row }));
}

function itemOf(row: JsonObject, index: number): Item {
  const { json, binary, pairedItem, error } = row;
  if (!isRow(json)) throw notAnObject('json', index);
  if (binary !== undefined && binary !== null && !isRow(binary)) throw notAnObject('binary', index);
  const link = linkOf(pairedItem);
  return {
    json,
    ...(isRow(binary) && Object.keys(binary).length > 0 ? { binary: binaries(binary) } : {}),
    ...(link === undefined ? {} : { pairedItem: link }),
    ...(isRow(error) && typeof error['message'] === 'string' ? { error: errorOf(error, error['message']) } : {}),
  };
}

function notAnObject(key: string, item: number): Error {
  return errors.CODE_RETURN_INVALID({
    problem: `A '${key}' property isn't an object`,
    description: `In the returned data, every key named '${key}' must point to an object.`,
    item,
  });
}

/** Only files that look like files are kept: what is handed on is read by other nodes. */
function binaries(all: JsonObject): Record<string, BinaryData> {
  const kept: [string, BinaryData][] = [];
  for (const [key, file] of Object.entries(all)) {
    if (!isRow(file)) continue;
    const texts = Object.entries(file).filter((field): field is [string, string] => typeof field[1] === 'string');
    const fields = Object.fromEntries(texts);
    kept.push([key, { ...fields, mimeType: fields['mimeType'] ?? 'text/plain' }]);
  }
  return Object.fromEntries(kept);
}

function linkOf(value: JsonValue | undefined): Item['pairedItem'] | undefined {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) {
    const links = value.map(oneLink).filter((link) => link !== undefined);
    return links.length > 0 ? links : undefined;
  }
  return oneLink(value);
}

function oneLink(value: JsonValue | undefined): PairedItem | undefined {
  if (typeof value === 'number') return { item: value };
  if (!isRow(value) || typeof value['item'] !== 'number') return undefined;
  return { item: value['item'], ...(typeof value['input'] === 'number' ? { input: value['input'] } : {}) };
}

const errorOf = (error: JsonObject, message: string): ItemError => ({ ...error, message }) as ItemError; // its name and description are texts or shown as they are

function isRow(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
