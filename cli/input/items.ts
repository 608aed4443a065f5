import { canonicalNodeType, isJsonObject, type Item, type JsonObject, type NodeDefinition } from '#workflow';
import { cliErrors } from '../errors.ts';
import { INPUT_FILE_BYTES } from '../limits.ts';
import { readJsonFile } from './json-file.ts';

/**
 * The items that `--input` means: JSON, or `@FILE` with JSON; an object is one item, an array one item per element.
 * An element of n8n's item form (`{"json": {…}}`) is taken as it is. Absent: one empty item.
 * Throws CLI_INPUT_INVALID.
 */
export function readInput(input: string | undefined): Item[] {
  if (input === undefined) return [{ json: {} }];
  const json = input.startsWith('@') ? readJsonFile(input.slice(1), INPUT_FILE_BYTES) : parse(input);
  const elements: unknown[] = Array.isArray(json) ? json : [json];
  return elements.map((element, index) => {
    if (isJsonObject(element)) return itemOf(element);
    throw cliErrors.CLI_INPUT_INVALID({
      fault: Array.isArray(json) ? `element ${index} is no object` : 'is no object',
    });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw cliErrors.CLI_INPUT_INVALID(
      { fault: `is not JSON (${error instanceof Error ? error.message : error})` },
      error,
    );
  }
}

function itemOf(element: JsonObject): Item {
  const { json, ...rest } = element;
  const onlyItemKeys = Object.keys(rest).every((key) => key === 'binary' || key === 'pairedItem');
  if (!isJsonObject(json) || !onlyItemKeys) return { json: element };
  return { ...(rest as Omit<Item, 'json'>), json };
}

const CALL_PARTS = ['body', 'query', 'headers', 'params'];

/**
 * Items in the shape that this trigger gives. A webhook's item is a call: input without any of its parts is taken as
 * the body.
 */
export function itemsFor(trigger: NodeDefinition, items: Item[]): Item[] {
  if (trigger.type !== canonicalNodeType('webhook')) return items;
  return items.map((item) => {
    if (CALL_PARTS.some((part) => part in item.json)) return item;
    return { ...item, json: { headers: {}, params: {}, query: {}, body: item.json } };
  });
}
