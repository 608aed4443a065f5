/** The language: n8n's workflow JSON, its items, expressions and order of execution. Pure: no I/O, no clock. */
export * from './errors.ts';
export type * from './items.ts';
export type * from './definition.ts';
export type * from './node-facts.ts';
export type * from './run-events.ts';
