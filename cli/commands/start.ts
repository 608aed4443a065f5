import type { Config } from '../config.ts';
import { LINGER_MS } from '../limits.ts';
import { EXIT } from '../output/complain.ts';
import type { CliPorts, Member } from '../ports.ts';
import { stopOnSignal } from '../stopping.ts';
import type { Terminal } from '../terminal.ts';

/** `troupe start`: one member with HTTP, until SIGINT or SIGTERM. */
export async function start(ports: CliPorts, terminal: Terminal, config: Config): Promise<number> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<string>();
  const stopListening = stopOnSignal(terminal, stop);
  const member = await ports.startMember({ config, http: true, throwAway: false });
  terminal.out(greeting(member, config));
  const signal = await stopped;
  terminal.say(`${signal}: finishing what must not be lost, then stopping (again to stop at once)\n`);
  await member.stop();
  stopListening();
  terminal.exitWithin(LINGER_MS, EXIT.ok);
  return EXIT.ok;
}

function greeting({ address, firstStart }: Member, config: Config): string {
  const lines = [
    `Troupe is ready: ${address}`,
    `  data      ${config.databaseUrl === undefined ? config.dataDir : 'in the given PostgreSQL'}`,
  ];
  if (firstStart !== undefined) {
    lines.push(`  owner     ${firstStart.email}`);
    if (firstStart.password !== undefined) lines.push(`  password  ${firstStart.password}   (shown once)`);
    if (firstStart.apiKey !== undefined) lines.push(`  API key   ${firstStart.apiKey}   (shown once)`);
  }
  return `${lines.join('\n')}\n`;
}
