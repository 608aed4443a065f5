#!/usr/bin/env node
// @ts-check
/** The command `troupe`: the composition root on the Node that Troupe is built for. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.js';

await launch(fileURLToPath(new URL('../main.ts', import.meta.url)), process.argv.slice(2));
