import { cliErrors, type Accounts, type Config, type Member, type WorkflowBook } from '#cli';
import type { Storage } from '#storage';

/** Workflows and accounts as the commands see them. */
export function booksOf(storage: Storage): { workflows: WorkflowBook; accounts: Accounts } {
  return {
    workflows: {
      save: (json) => storage.workflows.save(json),
      find: async (id) => (await storage.workflows.get(id))?.source,
      all: async () => (await storage.workflows.all()).map(({ source }) => source),
    },
    accounts: {
      createUser: (user) => storage.users.create(user),
      async createApiKey({ label, email }) {
        const user = email === undefined ? await storage.users.owner() : await storage.users.byEmail(email);
        if (!user) throw cliErrors.USER_UNKNOWN({ email: email ?? 'the owner' });
        return storage.apiKeys.create({ userId: user.id, label });
      },
    },
  };
}

/** The owner and an API key, made at the first start; what was generated is given back, this once. */
export async function makeOwner(storage: Storage, { owner: wanted }: Config): Promise<Member['firstStart']> {
  const known = await storage.users.owner();
  if (known) {
    if (wanted.apiKey !== undefined)
      await storage.apiKeys.create({ userId: known.id, label: 'environment', key: wanted.apiKey });
    return undefined;
  }
  const email = wanted.email ?? 'owner@localhost';
  const owner = await storage.users.create({
    email,
    role: 'owner',
    ...(wanted.password !== undefined && { password: wanted.password }),
  });
  const key = await storage.apiKeys.create({
    userId: owner.id,
    label: 'first start',
    ...(wanted.apiKey !== undefined && { key: wanted.apiKey }),
  });
  return {
    email,
    ...(owner.password !== undefined && { password: owner.password }),
    ...(wanted.apiKey === undefined && { apiKey: key.key }),
  };
}
