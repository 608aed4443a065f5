import type { JsonObject } from '#workflow';
import type { Services } from '../services.ts';
import { ANSWER_MS } from './limits.ts';
import { answerOf, KINDS, type Answer } from './wire.ts';

/**
 * What a member answers to an order. `gone`: there is no such member; `unclear`: it said nothing in time, or the link
 * is away, so that it may have taken it.
 */
export async function askToPerform(
  member: string,
  body: JsonObject,
  { peers }: Services,
): Promise<Answer | 'gone' | 'unclear'> {
  try {
    return answerOf(await peers.link.ask(member, { kind: KINDS.perform, body }, ANSWER_MS));
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'LINK_PEER_GONE';
    return gone ? 'gone' : 'unclear';
  }
}
