/** The command line: configuration, commands, and what they need of the rest (`CliPorts`). */
export { cliErrors } from './errors.ts';
export { type Config, loadConfig, type LogLevel } from './config.ts';
export type {
  Accounts,
  Books,
  CliPorts,
  LinkParking,
  Member,
  MemberOptions,
  ParkedEvents,
  WorkflowBook,
} from './ports.ts';
export { runCli } from './program.ts';
export { type Variable, variableTable } from './variables.ts';
