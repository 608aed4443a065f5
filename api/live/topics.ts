import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { errors } from '../errors.ts';
import { API_LIMITS } from '../limits.ts';

const AfterSeq = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }));
/** True: events carry their items; else only how many there were. */
const Data = Type.Optional(Type.Boolean());

/** What a socket may subscribe to, as it is sent. */
export const Topic = Type.Union([
  Type.Object(
    { executionId: Type.String({ pattern: '^[0-9]{1,16}$' }), afterSeq: AfterSeq, data: Data },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      workflowId: Type.String({ pattern: `^[A-Za-z0-9_-]{1,${API_LIMITS.ID_CHARACTERS}}$` }),
      afterSeq: AfterSeq,
      data: Data,
    },
    { additionalProperties: false },
  ),
  Type.Object({ tree: Type.Literal(true) }, { additionalProperties: false }),
]);

export type Topic = Static<typeof Topic>;

const checker = Compile(Topic);

/** Reads a topic from a socket. Throws INPUT_INVALID. */
export function topicOf(value: unknown): Topic {
  if (checker.Check(value)) return value;
  throw errors.INPUT_INVALID({ where: 'topic', fault: 'must be {executionId}, {workflowId} or {tree: true}' });
}

/** One name per topic: subscribing again replaces the subscription before. */
export function nameOf(topic: Topic): string {
  if ('executionId' in topic) return `execution/${topic.executionId}`;
  return 'workflowId' in topic ? `workflow/${topic.workflowId}` : 'tree';
}
