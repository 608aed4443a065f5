import type { Config } from '../config.ts';
import { cliErrors } from '../errors.ts';
import { readWorkflowFile } from '../input/workflow-file.ts';
import { complain, EXIT } from '../output/complain.ts';
import type { Books, CliPorts } from '../ports.ts';
import type { Terminal } from '../terminal.ts';

/** Opens the books for the time of `work`. */
export async function withBooks<T>(ports: CliPorts, config: Config, work: (books: Books) => Promise<T>): Promise<T> {
  const books = await ports.openBooks(config);
  try {
    return await work(books);
  } finally {
    await books.stop();
  }
}

/** `troupe import FILE…`: stores every workflow of every file; a file at fault does not keep the others out. */
export function importFiles(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  files: readonly string[],
): Promise<number> {
  return withBooks(ports, config, async ({ workflows }) => {
    let code: number = EXIT.ok;
    for (const file of files) {
      try {
        for (const json of readWorkflowFile(file)) {
          const { id, name, version, created } = await workflows.save(json);
          terminal.out(`${id}\t${name}\t${created ? 'created' : `version ${version}`}\n`);
        }
      } catch (error) {
        code = Math.max(code, complain(terminal, error, file));
      }
    }
    return code;
  });
}

/** `troupe export [ID…]`: one id gives an object, several or none an array, as n8n's own export does. */
export function exportWorkflows(
  ports: CliPorts,
  terminal: Terminal,
  config: Config,
  ids: readonly string[],
): Promise<number> {
  return withBooks(ports, config, async ({ workflows }) => {
    const found = ids.length === 0 ? await workflows.all() : await Promise.all(ids.map((id) => workflows.find(id)));
    const missing = ids.filter((_, index) => found[index] === undefined);
    const [id] = missing;
    if (id !== undefined) throw cliErrors.CLI_WORKFLOW_UNKNOWN({ id });
    terminal.out(`${JSON.stringify(ids.length === 1 ? found[0] : found, null, 2)}\n`);
    return EXIT.ok;
  });
}
