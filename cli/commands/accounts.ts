import type { Config } from '../config.ts';
import { EXIT } from '../output/complain.ts';
import type { CliPorts } from '../ports.ts';
import type { Terminal } from '../terminal.ts';
import { withBooks } from './workflows.ts';

export type Role = 'owner' | 'admin' | 'member';

/** `troupe user create`: the password comes from standard input or is generated, never from the command line. */
export async function createUser(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  options: { email: string; role: Role; passwordFromInput: boolean },
): Promise<number> {
  const password = options.passwordFromInput ? (await terminal.readInput()).replace(/\r?\n$/, '') : undefined;
  return withBooks(ports, config, async ({ accounts }) => {
    const { email, role } = options;
    const user = await accounts.createUser({ email, role, ...(password === undefined ? {} : { password }) });
    terminal.out(`user      ${user.email} (${role})\n`);
    if (user.password !== undefined) terminal.out(`password  ${user.password}   (shown once)\n`);
    return EXIT.ok;
  });
}

/** `troupe api-key create`: prints the key, which is stored as a hash only. */
export function createApiKey(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  options: { label: string; email?: string },
): Promise<number> {
  return withBooks(ports, config, async ({ accounts }) => {
    const { key } = await accounts.createApiKey(options);
    terminal.out(`${key}\n`);
    return EXIT.ok;
  });
}
