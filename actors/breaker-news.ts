import { isJsonObject, type JsonObject, type JsonValue } from '#workflow';
import type { Clock, Peers } from '#runtime';
import type { BreakerNews, Breakers } from '#supervisors';

/** Between two tellings of what the others may have missed. */
const RETELL_MS = 1_000;
/** Verdicts in one message. */
const NEWS_PER_MESSAGE = 100;
/** Characters of a breaker's or a member's name. */
const NAME_CHARACTERS = 512;

const KIND = 'breaker';

/**
 * Makes the breakers of all members one, as far as the link carries: an opening or a closing is broadcast at once, and
 * told again each second, so that a lost message and a new member cost a second. With nothing open nothing is sent.
 * `breakers` must have been made with this member's boot id. Returns the function that ends it.
 */
export function shareBreakers({
  breakers,
  peers,
  clock,
}: {
  breakers: Breakers;
  peers: Peers;
  clock: Clock;
}): () => void {
  const living = (member: string): boolean => peers.members().some(({ bootId }) => bootId === member);
  const retell = (): void => {
    const news = breakers.news(living);
    for (let at = 0; at < news.length; at += NEWS_PER_MESSAGE) {
      peers.link.broadcast({ kind: KIND, body: bodyOf(news.slice(at, at + NEWS_PER_MESSAGE)) });
    }
  };
  let cancel = (): void => {};
  const retellLater = (): void => {
    cancel = clock.after(RETELL_MS, () => {
      retell();
      retellLater();
    });
  };
  retellLater();
  const unregister = [
    breakers.watch((news) => peers.link.broadcast({ kind: KIND, body: bodyOf([news]) })),
    peers.link.watch((state) => {
      if (state === 'up') retell();
    }),
    peers.told(KIND, (from, body) => {
      const answers = newsIn(body).flatMap((news) => breakers.learn(news) ?? []);
      if (answers.length > 0) void peers.link.tell(from, { kind: KIND, body: bodyOf(answers) });
    }),
  ];
  return () => {
    cancel();
    for (const leave of unregister) leave();
  };
}

function bodyOf(news: readonly BreakerNews[]): JsonObject {
  return { news: news.map((one) => ({ ...one })) };
}

/** The verdicts of a message; what has not their form does not count. */
function newsIn({ news }: JsonObject): BreakerNews[] {
  return Array.isArray(news) ? news.slice(0, NEWS_PER_MESSAGE).flatMap((one) => newsFrom(one) ?? []) : [];
}

function newsFrom(value: JsonValue): BreakerNews | undefined {
  if (!isJsonObject(value)) return undefined;
  const { breaker, state, era, by, failures, ageMs, remainingMs } = value;
  if (!isName(breaker) || !isName(by) || (state !== 'open' && state !== 'closed')) return undefined;
  if (!isSpan(era) || !isSpan(failures) || !isSpan(ageMs) || !isSpan(remainingMs)) return undefined;
  return { breaker, state, era, by, failures, ageMs, remainingMs };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= NAME_CHARACTERS;
}

function isSpan(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER;
}
