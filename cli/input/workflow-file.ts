import type { JsonObject } from '#workflow';
import { cliErrors } from '../errors.ts';
import { WORKFLOW_FILE_BYTES } from '../limits.ts';
import { readJsonFile } from './json-file.ts';

/**
 * The workflows of a file: one object, or an array of them as n8n exports several. Their inside is not checked here.
 * Throws the CLI_FILE_* rows, CLI_JSON_INVALID, CLI_NOT_A_WORKFLOW.
 */
export function readWorkflowFile(file: string): [JsonObject, ...JsonObject[]] {
  const json = readJsonFile(file, WORKFLOW_FILE_BYTES);
  const [first, ...rest] = (Array.isArray(json) ? json : [json]).map((entry, index) => {
    const place = Array.isArray(json) ? `entry ${index} of the array` : 'the file';
    if (!isObject(entry)) throw cliErrors.CLI_NOT_A_WORKFLOW({ file, fault: `${place} is no object` });
    if (!Array.isArray(entry['nodes']))
      throw cliErrors.CLI_NOT_A_WORKFLOW({ file, fault: `${place} has no list "nodes"` });
    return entry;
  });
  if (first === undefined) throw cliErrors.CLI_NOT_A_WORKFLOW({ file, fault: 'the array is empty' });
  return [first, ...rest];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
