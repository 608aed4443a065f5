import { deepEqual, equal } from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { linkLibraries } from './binaries.ts';
import { mayBePostgres, parsePostmasterFile, processAlive, readPostmasterFile } from './postmaster-file.ts';
import { ancestorsReachable, reachable } from './reachable.ts';
import { serverArguments } from './settings.ts';
import { parsePasswd, serverUser } from './system-user.ts';

const dir = mkdtempSync(join(tmpdir(), 'troupe-parts-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nbroken line\nnobody:x:65534:65533::/:/bin/false\n';

describe('who the server runs as', () => {
  test('not root: as ourselves', () => equal(serverUser(1000, PASSWD), undefined));
  test('root: as postgres when there is such a user', () => {
    const passwd = `${PASSWD}postgres:x:101:104::/var/lib/postgresql:/bin/bash\n`;
    deepEqual(serverUser(0, passwd), { name: 'postgres', uid: 101, gid: 104 });
  });
  test('root without a postgres user: as nobody', () => {
    deepEqual(serverUser(0, PASSWD), { name: 'nobody', uid: 65534, gid: 65533 });
  });
  test('root without a passwd file: as the number of nobody', () => equal(serverUser(0, '')?.uid, 65534));
  test('lines that are not of the form are passed over', () =>
    deepEqual([...parsePasswd(PASSWD).keys()], ['root', 'nobody']));
});

describe('postmaster.pid', () => {
  const text = (status: string): string =>
    `4711\n/data/postgres\n1795371820\n5432\n/run/socket\n\n  123   45\n${status}\n`;
  const ready = { pid: 4711, dataDir: '/data/postgres', startedAt: 1795371820, port: 5432, socketDir: '/run/socket' };
  for (const status of ['starting', 'ready', 'standby', 'stopping'] as const) {
    test(`status ${status} is read with its padding`, () =>
      deepEqual(parsePostmasterFile(text(`${status}   `)), { ...ready, status }));
  }
  test('a server that has just begun has written only its pid', () => {
    const file = parsePostmasterFile('4711\n/data/postgres\n');
    deepEqual([file?.pid, file?.status, file?.socketDir], [4711, 'unknown', '']);
  });
  test('a single-user backend has a negative pid', () => equal(parsePostmasterFile('-12\n')?.pid, 12));
  for (const bad of ['', '\n', 'x\n', '0\n', '1.5\n']) {
    test(`${JSON.stringify(bad)} names no process`, () => equal(parsePostmasterFile(bad), undefined));
  }
  test('no file, no server', () => equal(readPostmasterFile(dir), undefined));
});

describe('a process', () => {
  test('that runs is alive, one that cannot exist is not', () => {
    equal(processAlive(process.pid), true);
    equal(processAlive(2 ** 30), false);
  });
  test('that is Node is no PostgreSQL', { skip: process.platform !== 'linux' }, () => {
    equal(mayBePostgres(process.pid), false);
    equal(mayBePostgres(2 ** 30), false);
  });
});

describe('what another user may reach', () => {
  const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };
  const open = join(dir, 'open');
  const closed = join(dir, 'closed');
  mkdirSync(open);
  mkdirSync(closed);
  mkdirSync(join(closed, 'inside'));
  writeFileSync(join(open, 'file'), '');
  chmodSync(dir, 0o755);
  chmodSync(open, 0o755);
  chmodSync(closed, 0o700);

  test('ourselves: everything', () => equal(reachable(join(closed, 'inside'), undefined), true));
  test('an open folder', () => equal(reachable(open, stranger), true));
  test('not a closed one, nor what lies inside', () => {
    equal(reachable(closed, stranger), false);
    equal(reachable(join(closed, 'inside'), stranger), false);
  });
  test('the place of a closed folder, since only the way there counts', () =>
    equal(ancestorsReachable(closed, stranger), true));
  test('not what is not there', () => equal(reachable(join(open, 'nothing'), stranger), false));
  test('an owner is judged by the owner bits alone', () => {
    const mode = join(dir, 'others-only');
    mkdirSync(mode);
    chmodSync(mode, 0o005);
    const { uid, gid } = lstatSync(mode);
    equal(reachable(mode, { name: 'owner', uid, gid }), false);
    equal(reachable(mode, stranger), true);
  });
});

describe('library links', () => {
  test('are made from the list of the package, relative, once, and never outside of it', () => {
    const root = join(dir, 'package');
    mkdirSync(join(root, 'native', 'lib'), { recursive: true });
    const links = [
      { source: 'native/lib/liba.so.1', target: 'native/lib/liba.so' },
      { source: '../../etc/passwd', target: 'native/lib/evil' },
      { source: 'native/lib/liba.so.1', target: '../escaped' },
    ];
    writeFileSync(join(root, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    equal(linkLibraries(root), true);
    equal(linkLibraries(root), true);
    equal(readlinkSync(join(root, 'native/lib/liba.so')), 'liba.so.1');
    equal(lstatSync(join(root, 'native/lib/evil'), { throwIfNoEntry: false }), undefined);
    equal(lstatSync(join(dir, 'escaped'), { throwIfNoEntry: false }), undefined);
  });
  test('a package without a list needs none', () => equal(linkLibraries(dir), true));
});

describe('settings of the server', () => {
  test('durability is never switched off', () => {
    const args = serverArguments('/d', { kind: 'socket', dir: '/s' });
    for (const setting of ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on'])
      equal(args.includes(setting), true);
  });
  test('a socket server listens on no address, a port server on loopback only', () => {
    equal(serverArguments('/d', { kind: 'socket', dir: '/s' }).includes('listen_addresses='), true);
    const args = serverArguments('/d', { kind: 'tcp', port: 5 });
    equal(args.includes('listen_addresses=127.0.0.1'), true);
    equal(args.includes('unix_socket_directories='), true);
  });
  test('a socket folder with a blank or a comma is one folder', () => {
    const args = serverArguments('/d', { kind: 'socket', dir: '/a b,c"d' });
    equal(args.includes('unix_socket_directories="/a b,c""d"'), true);
  });
});
