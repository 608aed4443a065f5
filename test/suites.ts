import { globSync } from 'node:fs';

/**
 * `unit`: pure or in memory, no waiting. `slow`, names ending in `.slow.test.ts`: processes of our own, or many worlds;
 * they need nothing from outside. `services`, names ending in `.pg.test.ts`: need a PostgreSQL. `cluster`, names ending
 * in `.cluster.test.ts`: need RabbitMQ or Consul too. A file belongs to exactly one suite, by its name.
 */
export const suites = ['unit', 'slow', 'services', 'cluster'] as const;
export type Suite = (typeof suites)[number];

/** Which suite a test file belongs to. */
export function suiteOf(file: string): Suite {
  if (file.endsWith('.pg.test.ts')) return 'services';
  if (file.endsWith('.cluster.test.ts')) return 'cluster';
  return file.endsWith('.slow.test.ts') ? 'slow' : 'unit';
}

/** Every test file of these suites, sorted, as paths from the root of the project. */
export function testFiles(which: readonly Suite[]): string[] {
  return globSync('{*,*/**/*}.test.ts', { exclude: (name) => name.includes('node_modules') || name === 'web' })
    .filter((file) => which.includes(suiteOf(file)))
    .sort();
}
