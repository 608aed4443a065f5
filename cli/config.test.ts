import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { TroupeError } from '#workflow';
import { loadConfig } from './config.ts';
import { SECRET_FILE_BYTES } from './limits.ts';
import { variableTable } from './variables.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const KEY = Buffer.alloc(32, 7).toString('base64');
const PEM = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----\n`;

/** The faults that this environment is refused with; none when it is taken. */
function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof TroupeError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.details['faults'] as readonly string[];
  }
}

test('without any variable the defaults of the contract hold', () => {
  assert.deepEqual(loadConfig({}), {
    port: 5678,
    host: '127.0.0.1',
    dataDir: resolve('.troupe'),
    memberName: hostname(),
    memberTags: [],
    owner: {},
    privateAddresses: 'allow',
    logLevel: 'info',
  });
});

/** Variable, values that are taken, values that are refused. */
const grid: readonly [string, readonly string[], readonly string[]][] = [
  ['PORT', ['0', '1', '5678', '65535'], ['-1', '65536', '80.5', 'http', '0x50', '5678 ']],
  ['HOST', ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost', 'troupe-0.troupe.svc'], ['a b', '-x', 'http://x', 'x/']],
  ['TROUPE_DATA_DIR', ['.troupe', '/var/lib/troupe', 'with space'], ['x'.repeat(4097)]],
  [
    'DATABASE_URL',
    ['postgres://u:p@h:5432/d', 'postgresql://h/d'],
    ['mysql://h/d', 'h:5432', 'postgres://', 'postgres://a b'],
  ],
  ['AMQP_URL', ['amqp://u:p@h:5672', 'amqps://h'], ['http://h', 'h:5672']],
  ['CONSUL_HTTP_ADDR', ['127.0.0.1:8500', 'consul', 'https://c.example:443'], ['ftp://c', 'a b', 'c:99999999']],
  ['CONSUL_HTTP_TOKEN', ['a1b2c3d4-0000-1111-2222-333344445555'], ['a b', 'x'.repeat(257)]],
  ['TROUPE_MEMBER_NAME', ['a', 'node-1.eu_west'], ['-a', 'a b', 'x'.repeat(64)]],
  ['TROUPE_MEMBER_TAGS', ['gpu', 'gpu,eu-west', 'a , b'], [',', 'a,', 'a;b']],
  ['TROUPE_ADVERTISE_ADDRESS', ['10.0.0.4', 'fd00::4', 'm1.internal'], ['http://m1', 'm1 ']],
  ['TROUPE_OWNER_EMAIL', ['me@example.org'], ['me', '@', 'a b@c']],
  ['TROUPE_OWNER_PASSWORD', ['12345678', 'ünïcode-päss'], ['1234567', 'x'.repeat(257)]],
  ['TROUPE_API_KEY', ['0123456789abcdef'], ['short', '0123456789 abcdef', 'ü'.repeat(20)]],
  ['TROUPE_ENCRYPTION_KEY', [KEY], ['abc', KEY.slice(0, -1), Buffer.alloc(31).toString('base64'), `${KEY}A`]],
  [
    'TROUPE_JWT_PRIVATE_KEY',
    [PEM, PEM.replaceAll('PRIVATE', 'RSA PRIVATE')],
    ['key', PEM.replaceAll('PRIVATE', 'PUBLIC')],
  ],
  ['TROUPE_PRIVATE_ADDRESSES', ['allow', 'refuse'], ['yes', 'ALLOW']],
  ['LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], ['INFO', 'verbose', '30']],
];

test('the grid knows every variable', () => {
  assert.deepEqual(
    grid.map(([name]) => name),
    [...variableTable.keys()],
  );
});

for (const [name, taken, refused] of grid) {
  for (const value of taken) {
    test(`${name} takes ${JSON.stringify(value.slice(0, 40))}`, () =>
      assert.deepEqual(faultsOf({ [name]: value }), []));
  }
  for (const value of refused) {
    test(`${name} refuses ${JSON.stringify(value.slice(0, 40))}, naming itself and the allowed form`, () => {
      const faults = faultsOf({ [name]: value });
      assert.equal(faults.length, 1);
      assert.ok(faults[0]?.startsWith(`${name}: `), faults[0]);
      assert.ok(faults[0]?.endsWith(`allowed is ${variableTable.get(name)?.allowed}`), faults[0]);
    });
  }
  test(`an empty ${name} counts as absent`, () => assert.deepEqual(loadConfig({ [name]: '' }), loadConfig({})));
}

test('a refused secret is not repeated in the message', () => {
  for (const [name, , refused] of grid) {
    const variable = variableTable.get(name);
    if (variable?.secret !== true) continue;
    // A refused value that is part of the allowed form says nothing about itself.
    for (const value of refused.filter((text) => !variable.allowed.includes(text))) {
      const said = faultsOf({ [name]: value }).join();
      assert.ok(!said.includes(value), said);
    }
  }
});

test('every fault is named at once', () => {
  const faults = faultsOf({ PORT: 'x', LOG_LEVEL: 'x', TROUPE_X: '1', TROUPE_API_KEY: 'x' });
  assert.deepEqual(
    faults.map((fault) => fault.split(':')[0]).toSorted((a = '', b = '') => a.localeCompare(b)),
    ['LOG_LEVEL', 'PORT', 'TROUPE_API_KEY', 'TROUPE_X'],
  );
});

const unknown = [
  ['TROUPE_DATADIR', 'TROUPE_DATA_DIR'],
  ['TROUPE_PROT', 'PORT'],
  ['TROUPE_DATABASE_URL', 'DATABASE_URL'],
  ['TROUPE_API_KEY_FIL', 'TROUPE_API_KEY_FILE'],
] as const;
for (const [name, suggestion] of unknown) {
  test(`${name} is refused, and ${suggestion} suggested`, () => {
    assert.deepEqual(faultsOf({ [name]: 'x' }), [`${name}: unknown variable; did you mean ${suggestion}?`]);
  });
}

test('an unknown variable that resembles nothing is refused without a suggestion', () => {
  assert.deepEqual(faultsOf({ TROUPE_QUANTUM_FLUX: '1' }), ['TROUPE_QUANTUM_FLUX: unknown variable']);
});

test('a NAME_FILE of what is no secret is unknown', () => {
  assert.match(faultsOf({ TROUPE_DATA_DIR_FILE: 'x' }).join(), /^TROUPE_DATA_DIR_FILE: unknown variable/);
});

test('variables of others are not looked at', () => {
  assert.deepEqual(faultsOf({ PATH: '/bin', N8N_PORT: 'x', DEBUG: '*' }), []);
});

test('a secret is read from NAME_FILE, without the newline at its end', () => {
  const path = join(folder, 'key');
  writeFileSync(path, `${KEY}\n`);
  assert.equal(loadConfig({ TROUPE_ENCRYPTION_KEY_FILE: path }).encryptionKey, KEY);
  writeFileSync(path, `${PEM}`);
  assert.equal(loadConfig({ TROUPE_JWT_PRIVATE_KEY_FILE: path }).jwtPrivateKey, PEM.trimEnd());
});

test('a secret given twice is refused', () => {
  const path = join(folder, 'twice');
  writeFileSync(path, KEY);
  const faults = faultsOf({ TROUPE_ENCRYPTION_KEY: KEY, TROUPE_ENCRYPTION_KEY_FILE: path });
  assert.match(faults.join(), /TROUPE_ENCRYPTION_KEY: is set twice/);
});

test('a NAME_FILE that is missing, a folder or too large is refused by its name', () => {
  const large = join(folder, 'large');
  writeFileSync(large, 'x'.repeat(SECRET_FILE_BYTES + 1));
  assert.match(faultsOf({ TROUPE_API_KEY_FILE: join(folder, 'none') }).join(), /^TROUPE_API_KEY_FILE: .*ENOENT/);
  assert.match(faultsOf({ TROUPE_API_KEY_FILE: folder }).join(), /^TROUPE_API_KEY_FILE: .*EISDIR/);
  assert.match(faultsOf({ TROUPE_API_KEY_FILE: large }).join(), /allowed are 65536/);
});

test('options of the command line win over the environment and are checked alike', () => {
  assert.equal(loadConfig({ PORT: '1' }, { PORT: '2' }).port, 2);
  assert.throws(() => loadConfig({}, { PORT: 'x' }), { code: 'CONFIG_INVALID' });
});

test('tags are trimmed and split', () => {
  assert.deepEqual(loadConfig({ TROUPE_MEMBER_TAGS: 'gpu , eu-west' }).memberTags, ['gpu', 'eu-west']);
});

const hosts = [
  ['127.0.0.1', 'allow'],
  ['127.3.2.1', 'allow'],
  ['localhost', 'allow'],
  ['::1', 'allow'],
  ['0.0.0.0', 'refuse'],
  ['::', 'refuse'],
  ['10.0.0.1', 'refuse'],
] as const;
for (const [host, expected] of hosts) {
  test(`listening on ${host}, private addresses are ${expected}d unless told otherwise`, () => {
    assert.equal(loadConfig({ HOST: host }).privateAddresses, expected);
    const other = expected === 'allow' ? 'refuse' : 'allow';
    assert.equal(loadConfig({ HOST: host, TROUPE_PRIVATE_ADDRESSES: other }).privateAddresses, other);
  });
}
