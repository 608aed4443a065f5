import { readFileSync, statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { envSchema } from 'env-schema';
import Type from 'typebox';
import { cliErrors } from './errors.ts';
import { SECRET_FILE_BYTES, SUGGESTION_EDITS } from './limits.ts';
import { nearest } from './nearest.ts';
import { variableTable, type VariableName } from './variables.ts';

/** Pino's levels. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Everything a member is told by its environment and its command line, checked and with defaults. */
export interface Config {
  /** TCP port; 0 = any free one. Default 5678. */
  readonly port: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host: string;
  /** Absolute path. Default `.troupe` in the working directory. */
  readonly dataDir: string;
  /** Absent: PostgreSQL is started from the data directory. */
  readonly databaseUrl?: string;
  /** Present: this member joins a cluster. */
  readonly amqpUrl?: string;
  /** Absent with `amqpUrl`: membership through PostgreSQL. */
  readonly consulAddress?: string;
  readonly consulToken?: string;
  /** Default: the host name. */
  readonly memberName: string;
  readonly memberTags: readonly string[];
  /** Absent: the first private address. */
  readonly advertiseAddress?: string;
  /** The owner, made at first start; what is absent is generated and printed once. */
  readonly owner: { readonly email?: string; readonly password?: string; readonly apiKey?: string };
  /** 32 bytes, base64. Absent: generated into the data directory. */
  readonly encryptionKey?: string;
  /** PEM. Absent: generated into the data directory. */
  readonly jwtPrivateKey?: string;
  /**
   * Whether workflows may call loopback and private addresses. Default: `allow` while the member itself listens on
   * loopback only (it is somebody's own machine), else `refuse`. Link-local metadata addresses are refused always.
   */
  readonly privateAddresses: 'allow' | 'refuse';
  readonly logLevel: LogLevel;
}

type Values = Partial<Record<VariableName, string | number>>;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;

/**
 * Reads the configuration from environment variables; `overrides` (from the command line) win and go through the same
 * checks. Reads the files of `NAME_FILE` secrets. Throws CONFIG_INVALID with every fault found, not only the first;
 * values of secrets are never part of it.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  overrides: Partial<Record<VariableName, string>> = {},
): Config {
  const faults: string[] = unknownNames(env);
  const given: Record<string, string> = {};
  for (const [name, { secret }] of variableTable) {
    const value = secret === true ? secretOf(name, env, faults) : env[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  Object.assign(given, overrides);
  const values = checked(given, faults);
  if (faults.length > 0) throw cliErrors.CONFIG_INVALID({ faults });
  return withDefaults(values);
}

function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...variableTable].flatMap(([name, { secret }]) => (secret === true ? [name, `${name}_FILE`] : [name]));
  return Object.keys(env)
    .filter((name) => name.startsWith('TROUPE_') && !known.includes(name))
    .map((name) => {
      // Compared without the prefix, so that TROUPE_PROT finds PORT.
      const bare = (known: string): string => known.replace(/^TROUPE_/, '');
      const best = nearest(bare(name), known.map(bare), SUGGESTION_EDITS);
      const close = known.find((candidate) => bare(candidate) === best);
      return `${name}: unknown variable${close === undefined ? '' : `; did you mean ${close}?`}`;
    });
}

function secretOf(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  faults: string[],
): string | undefined {
  const path = env[`${name}_FILE`];
  if (path === undefined || path === '') return env[name];
  if (env[name] !== undefined && env[name] !== '') {
    faults.push(`${name}: is set twice, as ${name} and as ${name}_FILE; allowed is one of them`);
    return undefined;
  }
  try {
    const { size } = statSync(path);
    if (size <= SECRET_FILE_BYTES) return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    faults.push(`${name}_FILE: "${path}" has ${size} bytes; allowed are ${SECRET_FILE_BYTES}`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    faults.push(`${name}_FILE: "${path}" cannot be read (${code}); allowed is the path of a readable file`);
  }
  return undefined;
}

const schema = Type.Object(
  Object.fromEntries([...variableTable].map(([name, variable]) => [name, Type.Optional(variable.schema)])),
);

/** What env-schema throws: ajv's findings, all of them. */
interface SchemaFindings {
  errors?: readonly { instancePath: string }[];
}

function checked(given: Record<string, string>, faults: string[]): Values {
  try {
    return envSchema<Values>({ schema, data: { ...given }, env: false, dotenv: false });
  } catch (error) {
    const findings = (error instanceof Error ? (error as SchemaFindings).errors : undefined) ?? [];
    // One value can break several rules of its schema; people need its name once.
    for (const name of new Set(findings.map((finding) => finding.instancePath.slice(1)))) {
      const variable = variableTable.get(name);
      const shown = variable?.secret === true ? 'its value (not shown)' : `"${given[name]?.slice(0, 200)}"`;
      faults.push(`${name}: ${shown} is not allowed; allowed is ${variable?.allowed}`);
    }
    return {};
  }
}

function withDefaults(values: Values): Config {
  const text = (name: VariableName): string | undefined =>
    values[name] === undefined ? undefined : String(values[name]);
  const host = text('HOST') ?? '127.0.0.1';
  const [databaseUrl, amqpUrl, consulAddress] = [text('DATABASE_URL'), text('AMQP_URL'), text('CONSUL_HTTP_ADDR')];
  const consulToken = text('CONSUL_HTTP_TOKEN');
  const [email, password, apiKey] = [text('TROUPE_OWNER_EMAIL'), text('TROUPE_OWNER_PASSWORD'), text('TROUPE_API_KEY')];
  const [encryptionKey, jwtPrivateKey] = [text('TROUPE_ENCRYPTION_KEY'), text('TROUPE_JWT_PRIVATE_KEY')];
  const advertiseAddress = text('TROUPE_ADVERTISE_ADDRESS');
  return {
    port: Number(values.PORT ?? 5678),
    host,
    dataDir: dataDirOf(text('TROUPE_DATA_DIR') ?? '.troupe'),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(amqpUrl === undefined ? {} : { amqpUrl }),
    ...(consulAddress === undefined ? {} : { consulAddress }),
    ...(consulToken === undefined ? {} : { consulToken }),
    memberName: text('TROUPE_MEMBER_NAME') ?? hostname(),
    memberTags: (text('TROUPE_MEMBER_TAGS') ?? '')
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
    ...(advertiseAddress === undefined ? {} : { advertiseAddress }),
    owner: {
      ...(email === undefined ? {} : { email }),
      ...(password === undefined ? {} : { password }),
      ...(apiKey === undefined ? {} : { apiKey }),
    },
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
    ...(jwtPrivateKey === undefined ? {} : { jwtPrivateKey }),
    privateAddresses:
      (values.TROUPE_PRIVATE_ADDRESSES as 'allow' | 'refuse' | undefined) ?? (LOOPBACK.test(host) ? 'allow' : 'refuse'),
    logLevel: (values.LOG_LEVEL as LogLevel | undefined) ?? 'info',
  };
}

/** A leading `~` is the home folder, since nothing but a shell replaces it in files of environment variables. */
function dataDirOf(path: string): string {
  return resolve(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path);
}
