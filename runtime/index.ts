/** The actor runtime: kernel, mailboxes, journal port and group committer, and the ports to the outside. */
export type * from './actor.ts';
export type * from './ports/index.ts';
