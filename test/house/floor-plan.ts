/**
 * The import table of `docs/architecture.md`: from a folder one may go into these folders, through their doors only.
 * Floor 1 folders do not know each other. `main.ts` joins everything and only tests of the whole process import it.
 */
const floor0 = ['workflow', 'runtime'] as const;
const floor1 = ['supervisors', 'nodes', 'storage', 'transport', 'cluster'] as const;

export const floorPlan: Readonly<Record<string, readonly string[]>> = {
  workflow: [],
  runtime: ['workflow'],
  ...Object.fromEntries(floor1.map((folder) => [folder, floor0])),
  actors: [...floor0, ...floor1],
  api: [...floor0, ...floor1, 'actors'],
  cli: [...floor0, ...floor1, 'actors'],
  member: [...floor0, ...floor1, 'actors', 'api', 'cli'],
  'main.ts': [...floor0, ...floor1, 'actors', 'api', 'cli', 'member'],
  bin: [],
  local: [...floor0, 'storage'],
  web: ['workflow'],
  test: [...floor0, ...floor1, 'actors', 'api', 'cli', 'bench', 'bin', 'local', 'main.ts'],
  bench: [...floor0, ...floor1, 'actors', 'api', 'cli', 'local'],
  examples: [],
};

/** Folders whose door is an `index.ts` with documented exports. */
export const doors: readonly string[] = [...floor0, ...floor1, 'actors', 'api', 'cli'];

/** Folders held to the numbers of the style guide; tests and tools are not. */
export const productFolders: readonly string[] = [...doors, 'member', 'main.ts', 'bin'];
