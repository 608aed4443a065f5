/** The other end of a link, a process of its own: answers every question with its body. `node bench/link-echo.ts URL NAME` */
import process from 'node:process';
import { realClock as clock, realRandom as random } from '#runtime';
import { createRabbitLink, openBroker } from '#transport';

const [url = '', self = ''] = process.argv.slice(2);
const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const broker = openBroker({ url, clock, random, log, name: self });
const link = createRabbitLink({ broker, self, clock, log });
await link.start({ told: quiet, asked: async (_, { body }) => body });
process.stdout.write('1\n');
process.on('SIGTERM', () => void link.stop().then(() => process.exit(0)));
