import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { clusterDrain, clusterMembers, clusterShards, type ClusterOptions } from './commands/cluster.ts';
import { createApiKey, createUser, type Role } from './commands/accounts.ts';
import { eventsParked, eventsReplay } from './commands/events.ts';
import { doctor } from './commands/doctor.ts';
import { linkParked, linkPurge, linkReplay } from './commands/link.ts';
import { runFiles, type RunOptions } from './commands/run.ts';
import { start } from './commands/start.ts';
import { exportWorkflows, importFiles } from './commands/workflows.ts';
import { type Config, loadConfig } from './config.ts';
import { PARKED_SHOWN, PARKED_SHOWN_MOST, RUN_TIMEOUT_SECONDS_MOST } from './limits.ts';
import { complain, EXIT } from './output/complain.ts';
import type { CliPorts } from './ports.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import type { VariableName } from './variables.ts';

/**
 * Runs one command line (`argv` without node and script) and gives the exit code: 0 done, 1 something failed, 2 bad
 * input. Never rejects: what goes wrong is said on standard error.
 */
export async function runCli(
  argv: readonly string[],
  ports: CliPorts,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  let code: number = EXIT.ok;
  const program = build(ports, terminal, (result) => (code = result));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong by now; help and version are no faults.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    return complain(terminal, error);
  }
}

/** Options that are environment variables too; the option wins. */
const PLACE_OPTIONS = [
  [
    '--data-dir <dir>',
    'folder of the embedded database, keys and blobs (TROUPE_DATA_DIR)',
    'dataDir',
    'TROUPE_DATA_DIR',
  ],
  [
    '--database-url <url>',
    'PostgreSQL to use instead of the embedded one (DATABASE_URL)',
    'databaseUrl',
    'DATABASE_URL',
  ],
] as const;
const HTTP_OPTIONS = [
  ['--port <port>', 'port to listen on (PORT)', 'port', 'PORT'],
  ['--host <host>', 'address to listen on (HOST)', 'host', 'HOST'],
] as const;

type EnvOption = readonly [flags: string, text: string, key: string, variable: VariableName];

function build(ports: CliPorts, terminal: Terminal, done: (code: number) => void): Command {
  const program = new Command('troupe')
    .description('n8n workflows, performed by actors: every execution a supervised tree with its state in PostgreSQL')
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.say(text) })
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .helpCommand(true);
  addStart(program, ports, terminal, done);
  addRun(program, ports, terminal, done);
  addWorkflows(program, ports, terminal, done);
  addAccounts(program, ports, terminal, done);
  addCluster(program, terminal, done);
  addLink(program, ports, terminal, done);
  addEvents(program, ports, terminal, done);
  const check = addCommand(program, 'doctor', 'say what is missing or misconfigured, and how to mend it', [
    ...HTTP_OPTIONS,
    ...PLACE_OPTIONS,
  ]);
  check.action(async (options: Values) => done(await doctor(terminal, () => configOf(terminal, options))));
  return program;
}

function version(): string {
  const manifest: { version?: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version ?? 'unknown';
}

type Values = Record<string, string | undefined>;

/** Inherits output and exit behaviour from the program. */
function addCommand(parent: Command, name: string, text: string, options: readonly EnvOption[] = []): Command {
  const command = parent.command(name).description(text);
  for (const [flags, description] of options) command.option(flags, description);
  return command;
}

function configOf(terminal: Terminal, values: Values): Config {
  const overrides: Partial<Record<VariableName, string>> = {};
  for (const [, , key, variable] of [...PLACE_OPTIONS, ...HTTP_OPTIONS]) {
    const value = values[key];
    if (value !== undefined) overrides[variable] = value;
  }
  return loadConfig(terminal.env, overrides);
}

function addStart(program: Command, ports: CliPorts, terminal: Terminal, done: (code: number) => void): void {
  addCommand(program, 'start', 'start one member and serve until stopped', [...HTTP_OPTIONS, ...PLACE_OPTIONS]).action(
    async (options: Values) => done(await start(ports, terminal, configOf(terminal, options))),
  );
}

interface RunFlags extends Values {
  output: RunOptions['output'];
}

function addRun(program: Command, ports: CliPorts, terminal: Terminal, done: (code: number) => void): void {
  addCommand(program, 'run <files...>', 'run workflow files once each, results on standard output', PLACE_OPTIONS)
    .option('--input <json>', 'items for the trigger: a JSON object or array, or @FILE')
    .option('--trigger <node>', 'name of the node to start at')
    .addOption(
      new Option('--output <form>', 'form of the results').choices(['pretty', 'json', 'jsonl']).default('pretty'),
    )
    .option('--timeout <seconds>', 'cancel a run that takes longer', seconds)
    .action(async (files: string[], flags: RunFlags & { timeout?: number }) => {
      const { input, trigger, output, timeout, dataDir, databaseUrl } = flags;
      const options: RunOptions = {
        files,
        output,
        ...(input === undefined ? {} : { input }),
        ...(trigger === undefined ? {} : { trigger }),
        ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
        durable: dataDir !== undefined || databaseUrl !== undefined,
      };
      done(await runFiles(ports, terminal, configOf(terminal, { dataDir, databaseUrl }), options));
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= RUN_TIMEOUT_SECONDS_MOST) return value;
  throw new InvalidArgumentError(`allowed are more than 0 and at most ${RUN_TIMEOUT_SECONDS_MOST} seconds`);
}

function addWorkflows(program: Command, ports: CliPorts, terminal: Terminal, done: (code: number) => void): void {
  addCommand(program, 'import <files...>', 'store workflows from n8n export files', PLACE_OPTIONS).action(
    async (files: string[], options: Values) =>
      done(await importFiles(ports, terminal, configOf(terminal, options), files)),
  );
  addCommand(
    program,
    'export [ids...]',
    'print stored workflows as n8n JSON; all of them without an id',
    PLACE_OPTIONS,
  ).action(async (ids: string[], options: Values) =>
    done(await exportWorkflows(ports, terminal, configOf(terminal, options), ids)),
  );
}

function addAccounts(program: Command, ports: CliPorts, terminal: Terminal, done: (code: number) => void): void {
  const user = addCommand(program, 'user', 'manage users');
  addCommand(user, 'create', 'create a user', PLACE_OPTIONS)
    .requiredOption('--email <email>', 'e-mail address, the login')
    .addOption(new Option('--role <role>', 'role').choices(['owner', 'admin', 'member']).default('member'))
    .option('--password-stdin', 'read the password from standard input instead of generating one')
    .action(
      async (options: { email: string; role: Role; passwordStdin?: true; dataDir?: string; databaseUrl?: string }) => {
        const { email, role, passwordStdin, dataDir, databaseUrl } = options;
        const config = configOf(terminal, { dataDir, databaseUrl });
        done(await createUser(ports, terminal, config, { email, role, passwordFromInput: passwordStdin === true }));
      },
    );
  const key = addCommand(program, 'api-key', 'manage API keys');
  addCommand(key, 'create', 'create an API key and print it once', PLACE_OPTIONS)
    .option('--label <label>', 'what the key is for', 'cli')
    .option('--email <email>', 'whose key it is; the owner when absent')
    .action(async ({ label = 'cli', email, ...place }: Values) =>
      done(
        await createApiKey(ports, terminal, configOf(terminal, place), {
          label,
          ...(email === undefined ? {} : { email }),
        }),
      ),
    );
}

interface ClusterFlags extends Values {
  url?: string;
  apiKey?: string;
}

/** Any member answers for all; these commands need no database of their own. */
function addCluster(program: Command, terminal: Terminal, done: (code: number) => void): void {
  const cluster = addCommand(program, 'cluster', 'look at the members, their shards and leases');
  const add = (name: string, text: string): Command =>
    addCommand(cluster, name, text, HTTP_OPTIONS)
      .option('--url <url>', 'address of any member; http://HOST:PORT of this machine when absent')
      .option('--api-key <key>', 'API key (TROUPE_API_KEY)')
      .option('--json', 'print JSON');
  const ask = ({ url, apiKey, ...rest }: ClusterFlags & { json?: true }): ClusterOptions => ({
    json: rest.json === true,
    ...(url !== undefined && { url }),
    ...(apiKey !== undefined && { apiKey }),
  });
  add('members', 'list the members').action(async (flags: ClusterFlags & { json?: true }) =>
    done(await clusterMembers(terminal, configOf(terminal, placeOf(flags)), ask(flags))),
  );
  add('shards', 'say who owns which shards').action(async (flags: ClusterFlags & { json?: true }) =>
    done(await clusterShards(terminal, configOf(terminal, placeOf(flags)), ask(flags))),
  );
  add('drain <member>', 'make a member give its shards away, and wait until it has').action(
    async (member: string, flags: ClusterFlags & { json?: true }) =>
      done(await clusterDrain(terminal, configOf(terminal, placeOf(flags)), ask(flags), member)),
  );
}

function addEvents(program: Command, ports: CliPorts, terminal: Terminal, done: (code: number) => void): void {
  const events = addCommand(program, 'events', 'look after integration events that a consumer group refused');
  addCommand(events, 'parked <group>', 'list parked events, oldest first')
    .option('--limit <count>', 'the oldest so many', count, PARKED_SHOWN)
    .option('--json', 'print one JSON object per event')
    .action(async (group: string, { limit, json }: { limit: number; json?: true }) =>
      done(await eventsParked(ports, terminal, configOf(terminal, {}), { group, limit, json: json === true })),
    );
  addCommand(
    events,
    'replay <group> [ids...]',
    'give parked events back to their group; all of them without an id',
  ).action(async (group: string, ids: string[]) =>
    done(await eventsReplay(ports, terminal, configOf(terminal, {}), { group, ids })),
  );
}

function addLink(program: Command, ports: CliPorts, terminal: Terminal, done: (code: number) => void): void {
  const link = addCommand(program, 'link', 'look after messages between members that nobody could read');
  addCommand(link, 'parked', 'list parked messages, oldest first')
    .option('--limit <count>', 'the oldest so many', count, PARKED_SHOWN)
    .option('--json', 'print one JSON object per message')
    .action(async ({ limit, json }: { limit: number; json?: true }) =>
      done(await linkParked(ports, terminal, configOf(terminal, {}), { limit, json: json === true })),
    );
  addCommand(
    link,
    'replay [ids...]',
    'give parked messages to their receivers again; all of them without an id',
  ).action(async (ids: string[]) => done(await linkReplay(ports, terminal, configOf(terminal, {}), ids)));
  addCommand(link, 'purge [ids...]', 'throw parked messages away; all of them without an id').action(
    async (ids: string[]) => done(await linkPurge(ports, terminal, configOf(terminal, {}), ids)),
  );
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= PARKED_SHOWN_MOST) return value;
  throw new InvalidArgumentError(`allowed are whole numbers from 1 to ${PARKED_SHOWN_MOST}`);
}

function placeOf({ port, host }: Values): Values {
  return { port, host };
}
