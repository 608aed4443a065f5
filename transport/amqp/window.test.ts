import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PublishWindow, type PublishOutcome, type WindowEffect, type WindowEvent } from './window.ts';

const LIMITS = { windowMessages: 3, windowBytes: 100, waitingMessages: 4, waitingBytes: 200 };

type Event = WindowEvent<string>;
type Effect = WindowEffect<string>;

function offered(ticket: number, more: Partial<Extract<Event, { type: 'offered' }>> = {}): Event {
  return { type: 'offered', ticket, message: `m${ticket}`, bytes: 10, until: 1_000, patient: false, ...more };
}

/** Short form of effects: `>1@2` sent in generation 2, `1 confirmed` settled. */
function brief(effects: readonly Effect[]): string[] {
  return effects.map((effect) =>
    effect.type === 'send' ? `>${effect.ticket}@${effect.generation}` : `${effect.ticket} ${effect.outcome}`,
  );
}

function run(...events: Event[]): string[] {
  const window = new PublishWindow<string>(LIMITS);
  return events.flatMap((event) => brief(window.handle(event)));
}

const opened = (generation: number): Event => ({ type: 'opened', generation });
const answered = (ticket: number, generation: number, ok = true): Event => ({
  type: 'answered',
  ticket,
  generation,
  ok,
});
const lost: Event = { type: 'lost' };
const time = (now: number): Event => ({ type: 'time', now });

/** What happens -> what is done. */
const GRID: Readonly<Record<string, readonly [events: readonly Event[], effects: readonly string[]]>> = {
  'an open window sends at once': [[opened(1), offered(1)], ['>1@1']],
  'a confirm settles': [
    [opened(1), offered(1), answered(1, 1)],
    ['>1@1', '1 confirmed'],
  ],
  'a refusal settles': [
    [opened(1), offered(1), answered(1, 1, false)],
    ['>1@1', '1 refused'],
  ],
  'what is returned and then confirmed was returned': [
    [opened(1), offered(1), { type: 'returned', ticket: 1, generation: 1 }, answered(1, 1)],
    ['>1@1', '1 returned'],
  ],
  'without a channel an impatient message is refused': [[offered(1)], ['1 down']],
  'without a channel a patient message waits for one': [[offered(1, { patient: true }), opened(7)], ['>1@7']],
  'over the window messages wait, and go out as confirms come': [
    [opened(1), offered(1), offered(2), offered(3), offered(4), answered(2, 1)],
    ['>1@1', '>2@1', '>3@1', '2 confirmed', '>4@1'],
  ],
  'bytes are counted too, but one message always goes': [
    [opened(1), offered(1, { bytes: 500 }), offered(2, { bytes: 1 }), answered(1, 1)],
    ['>1@1', '1 confirmed', '>2@1'],
  ],
  'a confirm makes room for the bytes of its message': [
    [opened(1), ...[1, 2, 3].map((ticket) => offered(ticket, { bytes: 50 })), answered(1, 1)],
    ['>1@1', '>2@1', '1 confirmed', '>3@1'],
  ],
  'what waited before a loss goes out behind what was on its way then': [
    [opened(1), ...[1, 2, 3, 4].map((ticket) => offered(ticket)), lost, opened(2), answered(1, 2)],
    ['>1@1', '>2@1', '>3@1', '>1@2', '>2@2', '>3@2', '1 confirmed', '>4@2'],
  ],
  'over what may wait messages are refused': [
    [opened(1), ...[1, 2, 3, 4, 5, 6, 7, 8].map((ticket) => offered(ticket))],
    ['>1@1', '>2@1', '>3@1', '8 full'],
  ],
  'over the bytes that may wait messages are refused, a single one never': [
    [
      { type: 'paused', by: 'buffer' },
      opened(1),
      { type: 'paused', by: 'buffer' },
      offered(1, { bytes: 900 }),
      offered(2),
    ],
    ['2 full'],
  ],
  'while one brake holds nothing is sent; both must be off': [
    [
      opened(1),
      { type: 'paused', by: 'buffer' },
      { type: 'paused', by: 'broker' },
      offered(1),
      { type: 'resumed', by: 'buffer' },
      offered(2),
      { type: 'resumed', by: 'broker' },
    ],
    ['>1@1', '>2@1'],
  ],
  'what was not confirmed goes out again first, in its order': [
    [opened(1), offered(1), offered(2), offered(3), offered(4), answered(2, 1), lost, opened(2)],
    ['>1@1', '>2@1', '>3@1', '2 confirmed', '>4@1', '>1@2', '>3@2', '>4@2'],
  ],
  'an answer of an older channel counts for nothing': [
    [opened(1), offered(1), lost, opened(2), answered(1, 1), answered(1, 1, false), answered(1, 2, false)],
    ['>1@1', '>1@2', '1 refused'],
  ],
  'a return of an older channel counts for nothing': [
    [opened(1), offered(1), lost, opened(2), { type: 'returned', ticket: 1, generation: 1 }, answered(1, 2)],
    ['>1@1', '>1@2', '1 confirmed'],
  ],
  'a return before a loss is forgotten': [
    [opened(1), offered(1), { type: 'returned', ticket: 1, generation: 1 }, lost, opened(2), answered(1, 2)],
    ['>1@1', '>1@2', '1 confirmed'],
  ],
  'a message whose time is up while it waits is never sent': [
    [offered(1, { patient: true, until: 50 }), time(49), time(50), opened(1)],
    ['1 expired'],
  ],
  'a message whose time is up on its way keeps its place until it is answered, and is not repeated': [
    [
      opened(1),
      offered(1, { until: 50 }),
      time(50),
      answered(1, 1),
      offered(2, { until: 60 }),
      time(60),
      lost,
      opened(2),
    ],
    ['>1@1', '1 expired', '>2@1', '2 expired'],
  ],
  'a brake of a lost channel does not hold the next one': [
    [opened(1), { type: 'paused', by: 'buffer' }, offered(1), lost, opened(2)],
    ['>1@2'],
  ],
  'stopping settles everything once, and nothing goes after it': [
    [
      opened(1),
      offered(1),
      { type: 'paused', by: 'broker' },
      offered(2),
      { type: 'stopped' },
      answered(1, 1),
      offered(3),
    ],
    ['>1@1', '1 down', '2 down', '3 down'],
  ],
};

for (const [rule, [events, effects]] of Object.entries(GRID)) {
  test(rule, () => assert.deepEqual(run(...events), effects));
}

/** What the random walk may do next; numbers choose among what is there. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('offer'), bytes: fc.integer({ min: 0, max: 120 }), patient: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('answer'), which: fc.nat(30), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('return'), which: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('open', 'open', 'open', 'lose', 'pass') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume', 'resume', 'block', 'unblock', 'unblock') }),
  },
);
type Step = { do: string; bytes?: number; patient?: boolean; which?: number; ok?: boolean };

/** Plays a broker that answers whatever was ever sent, in any order and any number of times. */
class Walk {
  readonly window = new PublishWindow<string>(LIMITS);
  readonly sent: { ticket: number; generation: number }[] = [];
  readonly settled = new Map<number, PublishOutcome>();
  readonly confirmed = new Set<string>();
  readonly brakes = new Set<string>();
  readonly until = new Map<number, number>();
  tickets = 0;
  generations = 0;
  generation: number | undefined;
  now = 0;

  take(next: Step): void {
    const event = this.#event(next);
    if (event === undefined) return;
    const before = this.window.waiting;
    for (const effect of this.window.handle(event)) this.#check(effect);
    assert.ok(this.window.sent <= LIMITS.windowMessages);
    const most = LIMITS.waitingMessages + LIMITS.windowMessages;
    assert.ok(this.window.waiting <= Math.max(before, LIMITS.waitingMessages, event.type === 'lost' ? most : 0));
    assert.ok(this.window.bytes >= 0);
  }

  #event(next: Step): Event | undefined {
    // The newest first, so that answers to older channels come beside those that count.
    const past = this.sent.at(-1 - ((next.which ?? 0) % Math.max(1, this.sent.length)));
    switch (next.do) {
      case 'offer': {
        this.tickets += 1;
        this.until.set(this.tickets, this.now + 20);
        const { bytes = 0, patient = false } = next;
        return { ...offered(this.tickets), bytes, patient, until: this.now + 20 } as Event;
      }
      case 'answer':
        if (past === undefined) return undefined;
        if (next.ok === true) this.confirmed.add(`${past.ticket}@${past.generation}`);
        return answered(past.ticket, past.generation, next.ok);
      case 'return':
        return past === undefined ? undefined : { type: 'returned', ...past };
      case 'open':
        if (this.generation !== undefined) return undefined;
        this.generations += 1;
        this.generation = this.generations;
        this.brakes.clear();
        return opened(this.generation);
      case 'lose':
        this.generation = undefined;
        this.brakes.clear();
        return lost;
      case 'pass':
        this.now += 7;
        return time(this.now);
      case 'pause':
      case 'block':
        this.brakes.add(next.do === 'pause' ? 'buffer' : 'broker');
        return { type: 'paused', by: next.do === 'pause' ? 'buffer' : 'broker' };
      default:
        this.brakes.delete(next.do === 'resume' ? 'buffer' : 'broker');
        return { type: 'resumed', by: next.do === 'resume' ? 'buffer' : 'broker' };
    }
  }

  #check(effect: Effect): void {
    const { ticket } = effect;
    assert.ok(!this.settled.has(ticket), `${ticket} was settled before`);
    if (effect.type === 'settle') {
      this.settled.set(ticket, effect.outcome);
      const word = this.confirmed.has(`${ticket}@${this.generation}`);
      if (effect.outcome === 'confirmed') assert.ok(word, `nobody confirmed ${ticket}`);
      if (effect.outcome === 'expired') assert.ok((this.until.get(ticket) ?? 0) <= this.now);
      return;
    }
    assert.equal(effect.generation, this.generation, 'sent on a channel that is not open');
    assert.equal(this.brakes.size, 0, 'sent while a brake holds');
    const ofThis = this.sent.filter(({ generation }) => generation === effect.generation);
    assert.ok(!ofThis.some((other) => other.ticket === ticket), 'sent twice on one channel');
    assert.ok((ofThis.at(-1)?.ticket ?? 0) < ticket, 'out of order');
    this.sent.push({ ticket, generation: effect.generation });
  }

  end(): void {
    for (const effect of this.window.handle({ type: 'stopped' })) this.#check(effect);
    assert.equal(this.settled.size, this.tickets, 'a message was never settled');
    assert.equal(this.window.bytes, 0);
    assert.equal(this.window.sent + this.window.waiting, 0);
  }
}

test('whatever happens: each message is settled once, confirmed only by the channel it was last sent on, in order and within the limits', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const walk = new Walk();
      for (const next of steps) walk.take(next);
      walk.end();
    }),
    { numRuns: 1_000 },
  );
});
