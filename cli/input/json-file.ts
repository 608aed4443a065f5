import { readFileSync, statSync } from 'node:fs';
import { cliErrors } from '../errors.ts';

/** Reads a JSON file of at most `limitBytes`. Throws CLI_FILE_UNREADABLE, CLI_FILE_TOO_LARGE, CLI_JSON_INVALID. */
export function readJsonFile(file: string, limitBytes: number): unknown {
  return parseJson(file, readText(file, limitBytes));
}

function readText(file: string, limit: number): string {
  try {
    const { size } = statSync(file);
    if (size <= limit) return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    throw cliErrors.CLI_FILE_TOO_LARGE({ file, bytes: size, limit });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw cliErrors.CLI_FILE_UNREADABLE({ file, fault: error.message.split(',')[0] ?? error.message }, error);
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    throw cliErrors.CLI_JSON_INVALID({ file, fault }, error);
  }
}
