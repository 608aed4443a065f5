import { deepEqual, equal, fail, ok, rejects } from 'node:assert/strict';
import { seededRandom } from '../testing.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';
import { happens, Listener } from './link-fixture.ts';
import type { LinkFixture } from './link-fixture.ts';

/** The contract of the link as cases. Members of a case have fresh boot ids, so a shared broker will do. */
export function linkConformance(make: () => Promise<LinkFixture>): ConformanceCase[] {
  return casesOf(make, { ...telling, ...asking, ...sizes, ...losing, ...stopping });
}

type Rules = Record<string, (fixture: LinkFixture) => Promise<void>>;

const telling: Rules = {
  'what is told arrives as it was, with its sender, and the teller is told true': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    const body = { text: 'süß 🎭', list: [1, null, { deep: [true] }], 'a.b': -0.5, __x: '' };
    equal(await a.link.tell(b.bootId, { kind: 'doorbell', body }), true);
    await happens('the message', () => b.told.length > 0);
    deepEqual(b.told, [{ from: a.bootId, message: { kind: 'doorbell', body } }]);
  },
  'a message of the control lane says so': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    equal(await a.link.tell(b.bootId, { kind: 'cancel', body: {}, lane: 'control' }), true);
    await happens('the message', () => b.told.length > 0);
    deepEqual(b.told[0]?.message, { kind: 'cancel', body: {}, lane: 'control' });
  },
  'telling nobody answers false': async (fixture) => {
    const a = await Listener.on(fixture);
    equal(await a.link.tell('nobody', { kind: 'doorbell', body: {} }), false);
  },
  'a member may tell itself': async (fixture) => {
    const a = await Listener.on(fixture);
    equal(await a.link.tell(a.bootId, { kind: 'note', body: {} }), true);
    await happens('the message', () => a.told.length === 1);
  },
  'messages of one sender in one lane come in order and once': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    const count = 500;
    const told = Array.from({ length: count }, (_, n) => a.link.tell(b.bootId, { kind: String(n), body: {} }));
    ok((await Promise.all(told)).every(Boolean));
    await happens('all messages', () => b.told.length >= count);
    deepEqual(
      b.kinds,
      told.map((_, n) => String(n)),
    );
  },
  'control overtakes what waits in the normal lane': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    // A slow receiver, so that messages wait.
    b.onTold = () => {
      for (const until = performance.now() + 1; performance.now() < until;) continue;
    };
    const told = Array.from({ length: 200 }, () => a.link.tell(b.bootId, { kind: 'slow', body: {} }));
    told.push(a.link.tell(b.bootId, { kind: 'first', body: {}, lane: 'control' }));
    await Promise.all(told);
    await happens('all messages', () => b.told.length === 201);
    ok(b.kinds.indexOf('first') < 200, 'control came last');
  },
  'a broadcast reaches every other member, and not its sender': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    const c = await Listener.on(fixture);
    a.link.broadcast({ kind: 'news', body: { n: 1 } });
    a.link.broadcast({ kind: 'urgent', body: {}, lane: 'control' });
    await happens('both at both', () => b.told.length === 2 && c.told.length === 2);
    deepEqual(b.told.find(({ message }) => message.kind === 'news')?.from, a.bootId);
    await a.link.tell(a.bootId, { kind: 'last', body: {} });
    await happens('the last', () => a.told.length > 0);
    deepEqual(a.kinds, ['last']);
  },
  'a handler that throws drops that message and no other': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    b.onTold = ({ message }) => {
      if (message.kind === 'bad') fail('no');
    };
    equal(await a.link.tell(b.bootId, { kind: 'bad', body: {} }), true);
    equal(await a.link.tell(b.bootId, { kind: 'good', body: {} }), true);
    await happens('the next message', () => b.told.length === 2);
    deepEqual(await a.link.ask(b.bootId, { kind: 'echo', body: { n: 1 } }, 10_000), { n: 1 });
  },
};

const asking: Rules = {
  'the answer is what the handler resolves to': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    for (const value of [null, false, 0, '', [], { a: [{}] }, 'text']) {
      b.onAsked = async () => value;
      deepEqual(await a.link.ask(b.bootId, { kind: 'give', body: {} }, 10_000), value);
    }
  },
  'many questions at once get each their own answer, both ways': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    const ask = (from: Listener, to: Listener, n: number) =>
      from.link.ask(to.bootId, { kind: 'echo', body: { n } }, 20_000);
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, n) => (n % 2 === 0 ? ask(a, b, n) : ask(b, a, n))),
    );
    deepEqual(
      answers,
      answers.map((_, n) => ({ n })),
    );
  },
  'a handler may ask the asker': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    b.onAsked = async ({ from }) => b.link.ask(from, { kind: 'back', body: { n: 2 } }, 10_000);
    deepEqual(await a.link.ask(b.bootId, { kind: 'there', body: {} }, 10_000), { n: 2 });
  },
  'questions of the control lane are answered': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    b.onAsked = async ({ message }) => message.lane ?? 'none';
    equal(await a.link.ask(b.bootId, { kind: 'which', body: {}, lane: 'control' }, 10_000), 'control');
    equal(await a.link.ask(b.bootId, { kind: 'which', body: {} }, 10_000), 'none');
  },
  'asking nobody is LINK_PEER_GONE, long before the deadline': async (fixture) => {
    const a = await Listener.on(fixture);
    await rejects(a.link.ask('nobody', { kind: 'tree', body: {} }, 3_600_000), { code: 'LINK_PEER_GONE' });
  },
  'no answer in time is LINK_ASK_TIMEOUT, and a late one does no harm': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    let answer: (() => void) | undefined;
    b.onAsked = () => new Promise((resolve) => (answer = () => resolve('late')));
    const asked = rejects(a.link.ask(b.bootId, { kind: 'slow', body: {} }, 300), { code: 'LINK_ASK_TIMEOUT' });
    await happens('the question', () => answer !== undefined);
    await fixture.elapse(400);
    await asked;
    answer?.();
    b.onAsked = async () => 'next';
    equal(await a.link.ask(b.bootId, { kind: 'again', body: {} }, 10_000), 'next');
  },
  'a refusal comes as LINK_REFUSED with the code and words of the peer': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    b.onAsked = async ({ message }) => {
      if (message.kind === 'known') await b.link.ask('nobody', { kind: 'x', body: {} }, 1_000);
      throw new TypeError('bad luck');
    };
    const refused = (kind: string) => a.link.ask(b.bootId, { kind, body: {} }, 10_000);
    await rejects(refused('known'), ({ code, details }: { code: string; details: Record<string, unknown> }) => {
      equal(code, 'LINK_REFUSED');
      deepEqual([details['code'], details['kind'], details['member']], ['LINK_PEER_GONE', 'known', b.bootId]);
      return String(details['message']).includes('nobody');
    });
    await rejects(refused('unknown'), { code: 'LINK_REFUSED', message: /bad luck/ });
  },
};

/** Does not get smaller by compression. */
function noise(bytes: number): string {
  return seededRandom(1).hex(bytes / 2);
}

const sizes: Rules = {
  'large messages arrive whole': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    for (const text of ['x'.repeat(fixture.messageBytes), noise(fixture.messageBytes / 2)]) {
      equal(
        await a.link.ask(b.bootId, { kind: 'echo', body: { text } }, 60_000).then((value) => sameText(value, text)),
        true,
      );
    }
  },
  'a message over LINK_MESSAGE_BYTES is not sent, and the next one is': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    // Hexadecimal digits shrink to half their size, not to a third.
    const body = { text: noise(fixture.messageBytes * 3) };
    equal(await a.link.tell(b.bootId, { kind: 'big', body }), false);
    await rejects(a.link.ask(b.bootId, { kind: 'big', body }, 10_000), { code: 'LINK_MESSAGE_TOO_LARGE' });
    a.link.broadcast({ kind: 'big', body });
    b.onAsked = async ({ message }) => (message.kind === 'give' ? body : 'fine');
    await rejects(a.link.ask(b.bootId, { kind: 'give', body: {} }, 60_000), {
      code: 'LINK_REFUSED',
      message: /TOO_LARGE/,
    });
    equal(await a.link.ask(b.bootId, { kind: 'small', body: {} }, 10_000), 'fine');
    deepEqual(b.told, []);
  },
};

function sameText(value: unknown, text: string): boolean {
  return typeof value === 'object' && value !== null && 'text' in value && value.text === text;
}

const losing: Rules = {
  'a link that was started is up, and its watchers were told': async (fixture) => {
    const a = await Listener.on(fixture);
    equal(a.link.state(), 'up');
    deepEqual(a.states, ['up']);
  },
  'a member that is cut off knows it, and comes back by itself': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    await fixture.cut(a.bootId);
    await happens('down', () => a.link.state() === 'down');
    equal(await a.link.tell(b.bootId, { kind: 'lost', body: {} }), false);
    await rejects(a.link.ask(b.bootId, { kind: 'lost', body: {} }, 60_000), { code: 'LINK_UNAVAILABLE' });
    await fixture.join(a.bootId);
    await happens('up', () => a.link.state() === 'up');
    deepEqual(a.states, ['up', 'down', 'up']);
    equal(await a.link.tell(b.bootId, { kind: 'there', body: {} }), true);
    equal(await b.link.tell(a.bootId, { kind: 'back', body: {} }), true);
    await happens('both', () => a.told.length === 1 && b.told.length === 1);
    deepEqual([a.kinds, b.kinds], [['back'], ['there']]);
  },
  'a question asked before the cut is answered after it': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    let answer: (() => void) | undefined;
    b.onAsked = () => new Promise((resolve) => (answer = () => resolve('kept')));
    const asked = a.link.ask(b.bootId, { kind: 'wait', body: {} }, 60_000);
    await happens('the question', () => answer !== undefined);
    await fixture.cut(b.bootId);
    await happens('down', () => b.link.state() === 'down');
    answer?.();
    await fixture.join(b.bootId);
    equal(await asked, 'kept');
  },
  'a member that was killed is gone at once for those who ask after its queue is': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    await fixture.kill(b.bootId);
    const noticed = async (): Promise<boolean> => !(await a.link.tell(b.bootId, { kind: 'doorbell', body: {} }));
    while (!(await noticed())) await fixture.elapse(10);
    await rejects(a.link.ask(b.bootId, { kind: 'tree', body: {} }, 3_600_000), { code: 'LINK_PEER_GONE' });
    equal(await a.link.tell(b.bootId, { kind: 'doorbell', body: {} }), false);
    equal(a.link.state(), 'up');
  },
  'a watcher that unsubscribed is not told': async (fixture) => {
    const a = await Listener.on(fixture);
    const told: string[] = [];
    const unwatch = a.link.watch((state) => void told.push(state));
    unwatch();
    await fixture.cut(a.bootId);
    await happens('down', () => a.link.state() === 'down');
    deepEqual(told, []);
  },
  'a watcher that throws disturbs no other': async (fixture) => {
    const a = await Listener.on(fixture);
    const told: string[] = [];
    a.link.watch(() => fail('no'));
    a.link.watch((state) => void told.push(state));
    await fixture.cut(a.bootId);
    await happens('down', () => told.length > 0);
    deepEqual(told, ['down']);
  },
};

const stopping: Rules = {
  'before its start a link carries nothing': async (fixture) => {
    const link = await fixture.open('never-started');
    equal(link.state(), 'down');
    equal(await link.tell('anybody', { kind: 'x', body: {} }), false);
    await rejects(link.ask('anybody', { kind: 'x', body: {} }, 1_000), { code: 'LINK_UNAVAILABLE' });
    link.broadcast({ kind: 'x', body: {} });
    await link.stop();
  },
  'after stop it carries nothing, others find it gone, and stopping again is nothing': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    await Promise.all([b.link.stop(), b.link.stop()]);
    await b.link.stop();
    equal(b.link.state(), 'down');
    equal(await b.link.tell(a.bootId, { kind: 'x', body: {} }), false);
    await rejects(b.link.ask(a.bootId, { kind: 'x', body: {} }, 1_000), { code: 'LINK_UNAVAILABLE' });
    equal(await a.link.tell(b.bootId, { kind: 'x', body: {} }), false);
    await rejects(b.link.start(b.handlers), { code: 'LINK_UNAVAILABLE' });
  },
  'stop answers what it was asked before': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    let answer: (() => void) | undefined;
    b.onAsked = () => new Promise((resolve) => (answer = () => resolve('in time')));
    const asked = a.link.ask(b.bootId, { kind: 'wait', body: {} }, 60_000);
    await happens('the question', () => answer !== undefined);
    const stopped = b.link.stop();
    answer?.();
    equal(await asked, 'in time');
    await stopped;
  },
  'stop waits for a handler no longer than its deadline, and rejects what waits for others': async (fixture) => {
    const [a, b] = await Listener.two(fixture);
    let asked = 0;
    b.onAsked = () => {
      asked += 1;
      return new Promise(() => {});
    };
    const open = a.link.ask(b.bootId, { kind: 'never', body: {} }, 60_000);
    const refused = rejects(open, { code: 'LINK_UNAVAILABLE' });
    await happens('the question', () => asked === 1);
    const stopped = Promise.all([a.link.stop(), b.link.stop()]);
    await refused;
    await fixture.elapse(fixture.stopMs + 100);
    await stopped;
  },
};
