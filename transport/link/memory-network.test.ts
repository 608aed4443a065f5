import { test } from 'node:test';
import { linkConformance, seededRandom, SimulatedClock, type LinkFixture } from '#runtime';
import { LINK_LIMITS } from '../limits.ts';
import { createMemoryNetwork } from './memory-network.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function fixture(): Promise<LinkFixture> {
  const clock = new SimulatedClock();
  const network = createMemoryNetwork({
    clock,
    random: seededRandom(1),
    log,
    limits: { LINK_MESSAGE_BYTES: 64 * 1024, LINK_TEXT_BYTES: 256 * 1024 },
  });
  return {
    open: async (bootId) => network.link(bootId),
    elapse: (ms) => clock.advance(ms),
    cut: async (bootId) => network.cut(bootId),
    join: async (bootId) => network.join(bootId),
    kill: async (bootId) => network.kill(bootId),
    messageBytes: 64 * 1024,
    stopMs: LINK_LIMITS.STOP_DEADLINE_MS,
  };
}

for (const { rule, check } of linkConformance(fixture)) test(`memory: ${rule}`, check);
