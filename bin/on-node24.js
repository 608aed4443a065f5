// @ts-check
/** First file on the pinned Node: ties this process's life to the launcher's, then runs the file it was given. */
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const file = process.argv[2];
if (file === undefined) {
  console.error('on-node24.js is started by launch.js only; use "troupe" or "npm start"');
  process.exit(2);
}

// The channel closes only when the launcher is gone without having been able to pass a signal on: it was killed hard,
// so we end hard. The journal makes that safe, and a new start finds the port and the data directory free.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();

process.argv.splice(1, 2, file);
await import(pathToFileURL(file).href);
