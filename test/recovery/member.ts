/**
 * One member as a process of its own, for the recovery test: `member.ts --data-dir D --port P [--fault POINT#N]`. With a
 * fault it kills itself by SIGKILL when it passes the point for the nth time: nothing is flushed, nothing is told.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { killAt, NO_FAULTS } from '#actors';
import { loadConfig } from '#cli';
import { startMember } from '../../main.ts';

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
    fault: { type: 'string' },
  },
});

const config = loadConfig(process.env, { TROUPE_DATA_DIR: values['data-dir'], PORT: values.port });
const kill = (): void => void process.kill(process.pid, 'SIGKILL');
const faults = values.fault === undefined ? NO_FAULTS : killAt(values.fault, kill);
const member = await startMember({ config, http: true, throwAway: false }, faults);
process.once('SIGTERM', () => void member.stop().then(() => process.exit(0)));
