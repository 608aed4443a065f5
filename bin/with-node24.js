#!/usr/bin/env node
// @ts-check
/** `node bin/with-node24.js FILE.ts [ARG…]`: runs a script of this project on the pinned Node; for npm scripts. */
import { resolve } from 'node:path';
import process from 'node:process';
import { launch } from './launch.js';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node bin/with-node24.js FILE.ts [ARG…]');
  process.exit(2);
}
await launch(resolve(file), args);
