import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MemberInfo } from '#runtime';
import { ranking, shownTags } from './placement.ts';

const member = (bootId: string, tags: string[] = ['gpu'], draining = false): MemberInfo => ({
  bootId,
  name: bootId,
  tags,
  draining,
});
const names = (members: readonly MemberInfo[]): string[] => members.map(({ bootId }) => bootId);

test('a member must carry all tags, and not be about to leave', () => {
  const members = [
    member('a', ['gpu']),
    member('b', ['gpu', 'eu', 'ssd']),
    member('c', ['gpu', 'eu'], true),
    member('d', []),
  ];
  assert.deepEqual(names(ranking(members, ['gpu', 'eu'], 'k')), ['b']);
  assert.deepEqual(ranking(members, ['tpu'], 'k'), []);
});

test('the order follows from the key alone, and a member that goes leaves it to the others as it was', () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-f0-9]{4}$/), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(ids, fc.string(), fc.nat(), (boots, key, which) => {
      const members = boots.map((bootId) => member(bootId));
      const order = names(ranking(members, ['gpu'], key));
      assert.deepEqual(names(ranking(members.toReversed(), ['gpu'], key)), order);
      const gone = boots[which % boots.length];
      const rest = members.filter(({ bootId }) => bootId !== gone);
      assert.deepEqual(
        names(ranking(rest, ['gpu'], key)),
        order.filter((bootId) => bootId !== gone),
      );
    }),
    { seed: 5 },
  );
});

test('different keys spread over the members', () => {
  const members = ['a', 'b', 'c', 'd'].map((bootId) => member(bootId));
  const firsts = new Map<string, number>();
  for (let key = 0; key < 1_000; key += 1) {
    const first = ranking(members, ['gpu'], `${key}/Node`)[0]?.bootId ?? '';
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  for (const count of firsts.values()) assert.ok(count > 180 && count < 320, JSON.stringify([...firsts]));
});

test('tags as people read them', () => {
  assert.equal(shownTags(['gpu']), 'the tag "gpu"');
  assert.equal(shownTags(['gpu', 'eu']), 'the tags "gpu", "eu"');
});
