import Type, { type TSchema } from 'typebox';

/** One environment variable of the contract: what it may hold, in a schema and in words for people. */
export interface Variable {
  schema: TSchema;
  /** The allowed form as it stands in messages: "a whole number from 0 to 65535". */
  allowed: string;
  /** Never shown in messages; may also be given as `NAME_FILE`, the path of a file that holds it. */
  secret?: true;
}

const text = (pattern: string, maxLength = 2048): TSchema => Type.String({ pattern, maxLength });

/** 32 bytes as base64: 43 digits and one sign of padding. */
const BASE64_32_BYTES = '^[A-Za-z0-9+/]{43}=$';
/** As text: a schema of numbers would take 0x50 and 1e3. */
const PORT_NUMBER = '^(0|[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$';
const HOST_NAME = '^[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?$|^::$|^::1$';

/**
 * Every variable that Troupe reads. Names that begin with `TROUPE_` and are not here (or `NAME_FILE` of a secret) stop
 * the start. An empty value counts as absent.
 */
export const variables = {
  PORT: {
    schema: text(PORT_NUMBER),
    allowed: 'a whole number from 0 (any free port) to 65535',
  },
  HOST: { schema: text(HOST_NAME, 255), allowed: 'a host name or an IP address to listen on' },
  TROUPE_DATA_DIR: { schema: Type.String({ maxLength: 4096 }), allowed: 'the path of a folder' },
  DATABASE_URL: {
    schema: text('^postgres(ql)?://[^\\s]+$'),
    allowed: 'postgres://user:password@host:5432/database',
    secret: true,
  },
  AMQP_URL: { schema: text('^amqps?://[^\\s]+$'), allowed: 'amqp://user:password@host:5672', secret: true },
  CONSUL_HTTP_ADDR: {
    schema: text('^(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$'),
    allowed: 'host:port, such as 127.0.0.1:8500, or http(s)://host:port',
  },
  CONSUL_HTTP_TOKEN: { schema: text('^[\\x21-\\x7e]+$', 256), allowed: 'an ACL token of Consul', secret: true },
  TROUPE_MEMBER_NAME: {
    schema: text('^[A-Za-z0-9][A-Za-z0-9._-]*$', 63),
    allowed: 'letters, digits, ".", "_" and "-", at most 63 of them',
  },
  TROUPE_MEMBER_TAGS: {
    schema: text('^[A-Za-z0-9._-]+(\\s*,\\s*[A-Za-z0-9._-]+)*$', 1024),
    allowed: 'tags separated by commas, such as "gpu,eu-west"',
  },
  TROUPE_ADVERTISE_ADDRESS: { schema: text(HOST_NAME, 255), allowed: 'a host name or an IP address others can reach' },
  TROUPE_OWNER_EMAIL: { schema: text('^[^\\s@]+@[^\\s@]+$', 254), allowed: 'an e-mail address' },
  TROUPE_OWNER_PASSWORD: {
    schema: Type.String({ minLength: 8, maxLength: 256 }),
    allowed: '8 to 256 characters',
    secret: true,
  },
  TROUPE_API_KEY: {
    schema: text('^[\\x21-\\x7e]{16,256}$'),
    allowed: '16 to 256 visible ASCII characters',
    secret: true,
  },
  TROUPE_ENCRYPTION_KEY: {
    schema: text(BASE64_32_BYTES),
    allowed: '32 bytes as base64, such as the output of "openssl rand -base64 32"',
    secret: true,
  },
  TROUPE_JWT_PRIVATE_KEY: {
    schema: text('^-----BEGIN (RSA )?PRIVATE KEY-----[\\s\\S]+-----END (RSA )?PRIVATE KEY-----\\s*$', 16_384),
    allowed: 'an RSA private key in PEM form, at least 2048 bits',
    secret: true,
  },
  TROUPE_PRIVATE_ADDRESSES: {
    schema: Type.Union([Type.Literal('allow'), Type.Literal('refuse')]),
    allowed: '"allow" or "refuse": whether workflows may call private and loopback addresses',
  },
  LOG_LEVEL: {
    schema: Type.Union(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => Type.Literal(level)),
    ),
    allowed: 'one of fatal, error, warn, info, debug, trace, silent',
  },
} satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

/** The table by name, for code that walks it. */
export const variableTable: ReadonlyMap<string, Variable> = new Map(Object.entries(variables));
