export type * from './clock.ts';
export type * from './journal.ts';
export type * from './lease.ts';
export type * from './outside.ts';
export type * from './node-catalog.ts';
