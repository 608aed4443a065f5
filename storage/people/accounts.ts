import { randomUUID } from 'node:crypto';
import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { errors } from '../errors.ts';
import { ApiKeyEntity, UserEntity, type ApiKeyRow, type UserRow } from './entities.ts';
import { Repository } from './repository.ts';
import { freshApiKey, freshPassword, hashPassword, passwordFits, sha256Of } from './secrets.ts';

/** What a user may do at most; scopes of keys are cut to it. */
export type Role = 'owner' | 'admin' | 'member';

/** A person. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
}

/** An API key as it may be shown: the key itself is not kept. Times are epoch milliseconds. */
export interface ApiKeyInfo {
  readonly id: string;
  readonly userId: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt?: number;
  readonly expiresAt?: number;
}

/** Noting each use of a key would cost a write per call. */
const LAST_USED_EVERY_MS = 60_000;
/** Fits no password; compared against when there is no such user, so that the answer takes as long. */
const NOBODYS_HASH = `scrypt$32768$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Users of this installation. Passwords are kept as scrypt hashes. */
export class Users extends Repository {
  /** `password` absent: generated and given back, this once. Rejects with USER_EXISTS. */
  async create(user: { email: string; role: Role; password?: string }): Promise<User & { password?: string }> {
    const password = user.password ?? freshPassword();
    const passwordHash = await hashPassword(password);
    const now = new Date();
    const { email, role } = user;
    try {
      const made = await this.write(async (em) => {
        const row = { id: randomUUID(), email, role, passwordHash, createdAt: now, updatedAt: now };
        return em.create(UserEntity, row);
      });
      return { ...userOf(made), ...(user.password === undefined ? { password } : {}) };
    } catch (cause) {
      if (cause instanceof UniqueConstraintViolationException) throw errors.USER_EXISTS({ email }, cause);
      throw cause;
    }
  }

  /** The first owner, or undefined before the first start made one. */
  owner(): Promise<User | undefined> {
    return this.read(async (em) => {
      const rows = await em.find(UserEntity, { role: 'owner' }, { orderBy: { createdAt: 'asc' }, limit: 1 });
      return rows[0] && userOf(rows[0]);
    });
  }

  get(id: string): Promise<User | undefined> {
    return this.read(async (em) => {
      const found = await em.findOne(UserEntity, { id });
      return found ? userOf(found) : undefined;
    });
  }

  byEmail(email: string): Promise<User | undefined> {
    return this.#rowByEmail(email).then((row) => row && userOf(row));
  }

  /** The user when e-mail and password belong together; takes equally long for unknown e-mails. */
  async login(email: string, password: string): Promise<User | undefined> {
    const row = await this.#rowByEmail(email);
    const fits = await passwordFits(password, row?.passwordHash ?? NOBODYS_HASH);
    return row && fits ? userOf(row) : undefined;
  }

  /** False: no such user. */
  async setPassword(id: string, password: string): Promise<boolean> {
    const passwordHash = await hashPassword(password);
    return this.write(async (em) => {
      return (await em.nativeUpdate(UserEntity, { id }, { passwordHash, updatedAt: new Date() })) > 0;
    });
  }

  #rowByEmail(email: string): Promise<UserRow | undefined> {
    return this.read(async (em) => {
      const rows = await em
        .getConnection()
        .execute<{ id: string }[]>('SELECT id FROM troupe."user" WHERE lower(email) = lower(?)', [
          email.replaceAll('\0', ''),
        ]);
      return rows[0] ? ((await em.findOne(UserEntity, { id: rows[0].id })) ?? undefined) : undefined;
    });
  }
}

/** API keys, by the SHA-256 of the key. */
export class ApiKeys extends Repository {
  /** `key` absent: generated. The key is given back this once. The same key twice is the same key. */
  async create(key: {
    userId: string;
    label: string;
    key?: string;
    scopes?: readonly string[];
    expiresAt?: number;
  }): Promise<{ id: string; key: string }> {
    const text = key.key ?? freshApiKey();
    const sha256 = sha256Of(text);
    return this.write(async (em) => {
      const known = await em.findOne(ApiKeyEntity, { sha256 });
      const row = {
        id: randomUUID(),
        userId: key.userId,
        label: key.label,
        sha256,
        scopes: [...(key.scopes ?? [])],
        createdAt: new Date(),
        lastUsedAt: null,
        expiresAt: key.expiresAt === undefined ? null : new Date(key.expiresAt),
      };
      return { id: (known ?? em.create(ApiKeyEntity, row)).id, key: text };
    });
  }

  /** The key's row when it is known and has not expired at `now`; notes its use about once a minute. */
  find(key: string, now = Date.now()): Promise<ApiKeyInfo | undefined> {
    return this.read(async (em) => {
      const found = await em.findOne(ApiKeyEntity, { sha256: sha256Of(key) });
      if (!found || (found.expiresAt && found.expiresAt.getTime() <= now)) return undefined;
      if (now - (found.lastUsedAt?.getTime() ?? 0) >= LAST_USED_EVERY_MS) {
        await em.nativeUpdate(ApiKeyEntity, { id: found.id }, { lastUsedAt: new Date(now) });
      }
      return infoOf(found);
    });
  }

  /**
   * For the gateway: whose key it is and what it may do. A key without scopes may do all that its user may: everything
   * for owners and admins; for members nothing, until their permissions are named as scopes.
   */
  async identify(key: string): Promise<{ ownerId: string; permissions: ReadonlySet<string> | 'all' } | undefined> {
    const found = await this.find(key);
    if (!found) return undefined;
    const user = await this.read((em) => em.findOne(UserEntity, { id: found.userId }));
    const all = found.scopes.length === 0 && user !== null && roleOf(user.role) !== 'member';
    return { ownerId: found.userId, permissions: all ? 'all' : new Set(found.scopes) };
  }

  list(userId: string): Promise<ApiKeyInfo[]> {
    return this.read(async (em) => {
      return (await em.find(ApiKeyEntity, { userId }, { orderBy: { createdAt: 'asc' } })).map(infoOf);
    });
  }

  /** False: no such key. */
  remove(id: string): Promise<boolean> {
    return this.write(async (em) => (await em.nativeDelete(ApiKeyEntity, { id })) > 0);
  }
}

function userOf(row: UserRow): User {
  return { id: row.id, email: row.email, role: roleOf(row.role) };
}

function roleOf(text: string): Role {
  return text === 'owner' || text === 'admin' ? text : 'member';
}

function infoOf(row: ApiKeyRow): ApiKeyInfo {
  return {
    id: row.id,
    userId: row.userId,
    label: row.label,
    scopes: row.scopes,
    createdAt: row.createdAt.getTime(),
    ...(row.lastUsedAt ? { lastUsedAt: row.lastUsedAt.getTime() } : {}),
    ...(row.expiresAt ? { expiresAt: row.expiresAt.getTime() } : {}),
  };
}
