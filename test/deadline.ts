/**
 * Loaded before each test file (`--import`): a file whose process does not end is a failure that says what keeps it,
 * and never a build that stands still. Tests have a shorter limit of their own; this one is for hooks and for what
 * tests leave open.
 */
import { basename } from 'node:path';
import process from 'node:process';
import { FILE_DEADLINE_MS } from './limits.ts';

const EXIT_CODE = 70;

// Only the process of a test file: neither the runner nor what a test starts.
if (process.env['NODE_TEST_CONTEXT'] !== undefined && process.argv[1]?.endsWith('.test.ts')) {
  const ms = Number(process.env['TEST_FILE_DEADLINE_MS'] ?? FILE_DEADLINE_MS);
  setTimeout(() => giveUp(ms), ms).unref();
}

function giveUp(ms: number): void {
  const lines = [
    `${process.argv[1]} has not ended within ${ms} ms; it is held by:`,
    `  resources: ${process.getActiveResourcesInfo().join(', ') || 'none'}`,
    ...openHandles().map((handle) => `  handle: ${handle}`),
  ];
  process.stderr.write(`${lines.join('\n')}\n`, () => process.exit(EXIT_CODE));
}

/** Node shows its handles through no documented door. */
function openHandles(): string[] {
  const get: unknown = Reflect.get(process, '_getActiveHandles');
  const handles: unknown = typeof get === 'function' ? Reflect.apply(get, process, []) : [];
  return Array.isArray(handles) ? handles.map(describe) : [];
}

function describe(handle: unknown): string {
  if (typeof handle !== 'object' || handle === null) return String(handle);
  const facts = ['pid', 'spawnfile', 'localPort', 'remoteAddress', 'remotePort', 'fd', 'listening'].flatMap((name) => {
    const value: unknown = Reflect.get(handle, name);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [`${name}=${name === 'spawnfile' ? basename(String(value)) : value}`]
      : [];
  });
  return [handle.constructor.name, ...facts].join(' ');
}
