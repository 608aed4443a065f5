import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findProgram } from '../../local/find-program.ts';
import { mirrorIn } from './debian.ts';
import { type Choice, decide, type Facts, SERVICES, type ServiceName } from './decide.ts';

const NOTHING: Facts = { docker: false, installs: false };
const EVERYTHING: Facts = { address: 'there', docker: true, program: '/bin/it', installs: true };

/** What is left of a machine that has everything, when the first `count` ways are closed. */
const CLOSED: readonly Partial<Facts>[] = [
  { address: undefined },
  { docker: false },
  { program: undefined },
  { installs: false },
];
const without = (...closed: readonly number[]): Facts =>
  Object.assign({ ...EVERYTHING }, ...closed.map((index) => CLOSED[index]));

describe('the order in which a service for tests is looked for', () => {
  const grid: readonly (readonly [ServiceName, readonly number[], Choice['from']])[] = [
    ['rabbitmq', [], 'environment'],
    ['rabbitmq', [0], 'docker'],
    ['rabbitmq', [0, 1], 'program'],
    ['rabbitmq', [0, 1, 2], 'distribution'],
    ['rabbitmq', [0, 1, 2, 3], 'nowhere'],
    ['consul', [], 'environment'],
    ['consul', [0], 'docker'],
    ['consul', [0, 1], 'program'],
    ['consul', [0, 1, 2], 'distribution'],
    ['consul', [0, 1, 2, 3], 'nowhere'],
    ['postgres', [], 'environment'],
    ['postgres', [0], 'program'],
    ['postgres', [0, 2], 'docker'],
    ['postgres', [0, 1, 2], 'nowhere'],
  ];
  for (const [name, closed, from] of grid) {
    const ways = closed.map((index) => ['address', 'Docker', 'program', 'distribution'][index]);
    test(`${name} without ${ways.join(', ') || 'any lack'}: ${from}`, () => {
      assert.equal(decide(name, without(...closed)).from, from);
    });
  }

  test('who ends the service gets one of its own, whatever the environment names', () => {
    for (const name of SERVICES) assert.notEqual(decide(name, EVERYTHING, true).from, 'environment');
  });

  test('an empty address is none', () => {
    assert.equal(decide('consul', { ...NOTHING, address: '', docker: true }).from, 'docker');
  });

  test('what is missing is one line that says what and how to get it', () => {
    for (const name of SERVICES) {
      const choice = decide(name, NOTHING);
      assert.ok(choice.from === 'nowhere');
      assert.match(choice.line, /^tests with \S+: there is none; .*(?:install|run) .* or set [A-Z_]+/);
      assert.doesNotMatch(choice.line, /\n/);
    }
  });
});

describe('the mirror of the distribution', () => {
  const of = (...lines: string[]): string | undefined => mirrorIn(lines.join('\n'));

  test('is the one that the sources of apt name, in either form', () => {
    assert.equal(
      of('Types: deb', 'URIs: http://mirror.example/debian', 'Suites: bookworm'),
      'http://mirror.example/debian',
    );
    assert.equal(
      of('# deb http://old.example/debian x main', 'deb http://m.example/debian/ sid main'),
      'http://m.example/debian/',
    );
    assert.equal(of('deb [arch=amd64 signed-by=/k] https://m.example/debian sid main'), 'https://m.example/debian');
  });

  test('is not the one of security updates, nor that of a third party', () => {
    const other = 'deb https://packages.example/tool stable main';
    const security = 'deb http://security.example/debian-security sid main';
    assert.equal(of(other, security, 'deb http://m.example/debian sid main'), 'http://m.example/debian');
  });

  test('is unknown where the sources name none', () => {
    assert.equal(of('# nothing', 'deb-src http://m.example/debian sid main'), undefined);
  });
});

test('a program is found on the PATH only where it may be run', () => {
  assert.equal(findProgram('sh', '/nowhere:/bin'), '/bin/sh');
  assert.equal(findProgram('no-such-program', '/bin'), undefined);
  assert.equal(findProgram('passwd', '/etc'), undefined);
});
