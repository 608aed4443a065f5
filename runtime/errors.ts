import { defineErrors } from '#workflow';

/** Every error this folder raises. */
export const errors = defineErrors({
  LINK_PEER_GONE: {
    message: (p: { member: string }) => `No member ${p.member} listens on the link.`,
    status: 503,
    retryable: true,
    hint: 'It has stopped or is just starting; what must not be lost waits in the database for whoever takes over.',
  },
  ASK_TIMEOUT: {
    message: (p: { path: string; timeoutMs: number }) => `${p.path} did not answer within ${p.timeoutMs} ms.`,
    status: 504,
    retryable: true,
    hint: 'The actor is overloaded or the work takes longer than the deadline; look at its mailbox in the live tree.',
  },
  ASK_TARGET_GONE: {
    message: (p: { path: string }) => `${p.path} ended before it answered.`,
    status: 503,
    retryable: true,
    hint: 'It may be restarting; ask again with a fresh reference.',
  },
  ASKS_TOO_MANY: {
    message: (p: { path: string; limit: number }) =>
      `More than ${p.limit} questions wait for answers; ${p.path} was not asked.`,
    status: 503,
    retryable: true,
    hint: 'Slow down, or raise the limit ASKS_OPEN.',
  },
  MAILBOX_FULL: {
    message: (p: { path: string; limit: number }) =>
      `The mailbox of ${p.path} holds ${p.limit} messages and takes no more.`,
    status: 503,
    retryable: true,
    hint: 'The actor is slower than its callers; try again later.',
  },
  ACTOR_NAME_INVALID: {
    message: (p: { name: string }) => `${JSON.stringify(p.name.slice(0, 200))} is no name for an actor.`,
    status: 500,
    retryable: false,
    hint: 'A name has 1 to 200 characters and no "/".',
  },
  ACTOR_NAME_TAKEN: {
    message: (p: { path: string }) => `${p.path} is alive already.`,
    status: 500,
    retryable: false,
    hint: 'Names are unique among living siblings; wait for childExited before spawning a successor.',
  },
  ACTOR_ENDING: {
    message: (p: { path: string }) => `${p.path} is ending and starts nothing more.`,
    status: 503,
    retryable: true,
    hint: 'Spawn from a living actor.',
  },
  ACTOR_CHILDREN_TOO_MANY: {
    message: (p: { path: string; limit: number }) => `${p.path} has ${p.limit} children and takes no more.`,
    status: 503,
    retryable: true,
    hint: 'Wait until children end, or raise the limit CHILDREN_PER_ACTOR.',
  },
  ACTOR_WORK_TOO_MUCH: {
    message: (p: { path: string; limit: number }) =>
      `${p.path} waits for ${p.limit} timers and results and takes no more.`,
    status: 503,
    retryable: true,
    hint: 'An actor that starts so much work should spread it over children.',
  },
  ACTOR_NOT_A_CHILD: {
    message: (p: { path: string; parent: string }) => `${p.path} is not a child of ${p.parent}.`,
    status: 500,
    retryable: false,
    hint: 'An actor stops its own children only; use system.stop for others.',
  },
  ACTOR_NEXT_INVALID: {
    message: (p: { path: string; value: string }) => `${p.path} answered ${p.value}, which is not a Next.`,
    status: 500,
    retryable: false,
    hint: 'receive and childExited answer become, same, stash, stop or unhandled.',
  },
  HANDLER_OVERRAN: {
    message: (p: { path: string; messageType: string; deadlineMs: number }) =>
      `${p.path} was still handling ${p.messageType} after ${p.deadlineMs} ms.`,
    status: 500,
    retryable: true,
    hint: 'Start long work with ctx.pipeToSelf instead of awaiting it in receive.',
  },
  SYSTEM_STOPPED: {
    message: (p: { system: string }) => `The actor system ${p.system} is shut down.`,
    status: 503,
    retryable: false,
  },
  JOURNAL_UNKNOWN: {
    message: (p: { executionId: string }) =>
      `It is not known whether the last step of execution ${p.executionId} is in the journal.`,
    status: 503,
    retryable: true,
    hint: 'Reload the execution from the journal; never assume either way.',
  },
  JOURNAL_UNREACHABLE: {
    message: (p: { operation: string }) => `The journal cannot be reached (${p.operation}).`,
    status: 503,
    retryable: true,
    hint: 'Check that the database runs; the work goes on by itself when it is back.',
  },
  JOURNAL_ANSWER_SHORT: {
    message: (p: { steps: number; outcomes: number }) =>
      `The journal gave ${p.outcomes} outcomes for ${p.steps} steps, so none of them can be trusted.`,
    status: 500,
    retryable: true,
    hint: 'The journal breaks its contract; run its conformance suite.',
  },
  JOURNAL_STEP_INVALID: {
    message: (p: { executionId: string; why: string }) =>
      `A step of execution ${p.executionId} is malformed: ${p.why}.`,
    status: 500,
    retryable: false,
    hint: 'This is a bug of the writer; the step was not written.',
  },
  OVERLOADED: {
    message: (p: { what: string; limit: number; unit: string }) => `${p.what} is full (${p.limit} ${p.unit}).`,
    status: 503,
    retryable: true,
    hint: 'Try again later; the database is slower than the work that arrives.',
  },
  COMMITTER_CLOSED: {
    message: (p: { executionId: string }) =>
      `The committer is closed; the step of execution ${p.executionId} was not written.`,
    status: 503,
    retryable: true,
    hint: 'This member is stopping; another one takes the execution over.',
  },
  SETTLE_EXCEEDED: {
    message: (p: { limitMs: number }) => `The awaited condition did not come true within ${p.limitMs} simulated ms.`,
    status: 500,
    retryable: false,
    hint: 'Raise the limit given to runUntil, or look for the actor that never answers.',
  },
});
