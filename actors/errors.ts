import { defineErrors } from '#workflow';

/** Errors of the company. */
export const errors = defineErrors({
  SUBWORKFLOW_UNKNOWN: {
    message: (p: { id: string }) => `Workflow "${p.id}" does not exist`,
    status: 404,
    retryable: false,
    hint: 'Choose an existing workflow in the Execute Workflow node, or import the missing one.',
  },
  SUBWORKFLOW_NO_TRIGGER: {
    message: (p: { name: string }) =>
      `Missing node to start execution: workflow "${p.name}" has no Execute Workflow Trigger`,
    status: 400,
    retryable: false,
    hint: 'Add an "Execute Workflow Trigger" node to the called workflow.',
  },
  SUBWORKFLOW_TOO_DEEP: {
    message: (p: { depth: number; limit: number }) =>
      `Sub-workflows are nested ${p.depth} levels deep; the limit is ${p.limit}`,
    status: 400,
    retryable: false,
    hint: 'A workflow that calls itself needs a condition that ends it.',
  },
  SUBWORKFLOW_TOO_MANY: {
    message: (p: { calls: number; limit: number }) =>
      `One node asked for ${p.calls} sub-workflow runs; the limit is ${p.limit}`,
    status: 400,
    retryable: false,
    hint: 'Hand the items over in batches: Loop Over Items, or mode "run once with all items".',
  },
  ENGINE_OVERLOADED: {
    message: (p: { reason: string; retryAfterSeconds: number }) =>
      `This member takes on no more for ${p.retryAfterSeconds} s: ${p.reason}`,
    status: 503,
    retryable: true,
    hint: 'Try again after the time in Retry-After, or add a member.',
  },
  WORKFLOW_OVER_SHARE: {
    message: (p: { live: number; all: number; retryAfterSeconds: number }) =>
      `This member is busy, and ${p.live} of its ${p.all} live executions are of this workflow: more than its share`,
    status: 429,
    retryable: true,
    hint: 'Send slower, after the time in Retry-After; or add a member.',
  },
  WORKFLOW_QUEUE_FULL: {
    message: (p: { workflow: string; queued: number; limit: number; retryAfterSeconds: number }) =>
      `${p.queued} executions of workflow "${p.workflow}" wait for their turn; the limit is ${p.limit}`,
    status: 429,
    retryable: true,
    hint: 'Send slower, after the time in Retry-After; or raise settings.concurrency or settings.rateLimit.',
  },
  LIMITS_UNAVAILABLE: {
    message: (p: { workflow: string }) =>
      `Workflow "${p.workflow}" has limits in its settings, and this member cannot keep them`,
    status: 500,
    retryable: false,
    hint: 'This member was put together without a store of turns.',
  },
  ENGINE_DRAINING: {
    message: () => 'This member is stopping and takes no new executions',
    status: 503,
    retryable: true,
    hint: 'Try again; another member or the restarted one will answer.',
  },
  ENGINE_NO_SHARD: {
    message: () => 'This member owns no shard at this moment',
    status: 503,
    retryable: true,
    hint: 'The member waits for its lease; is the database reachable? See /ready.',
  },
  ENGINE_NO_IDS: {
    message: () => 'This member has no execution ids left, and the database does not give new ones',
    status: 503,
    retryable: true,
    hint: 'Is the database reachable? See /ready.',
  },
  EXECUTION_NOT_ACCEPTED: {
    message: (p: { executionId: string }) => `The start of execution ${p.executionId} did not become durable`,
    status: 503,
    retryable: true,
    hint: 'Nothing was run. Try again.',
  },
  EXECUTION_MOVED: {
    message: (p: { executionId: string }) => `Another member has taken over execution ${p.executionId}`,
    status: 503,
    retryable: true,
    hint: 'The execution goes on there; ask for its state by its id.',
  },
  EXECUTION_DUPLICATE: {
    message: (p: { executionId: string }) => `The idempotency key belongs to execution ${p.executionId}`,
    status: 409,
    retryable: false,
    hint: 'Ask for that execution; nothing was started twice.',
  },
  WORKFLOW_VERSION_GONE: {
    message: (p: { id: string; version: number }) =>
      `Version ${p.version} of workflow "${p.id}" is not in the database`,
    status: 404,
    retryable: true,
    hint: 'An execution is pinned to this version; was the database restored from an older backup?',
  },
  EXECUTION_QUARANTINED: {
    message: (p: { cause: string; used: number; allowed: number }) =>
      `The execution's actor crashed ${p.used} times, more than its budget of ${p.allowed}: ${p.cause}`,
    status: 500,
    retryable: false,
    hint: 'The execution was set aside so that the others go on. Look at the cause, mend it, and retry the execution.',
  },
  NODE_CRASHED: {
    message: (p: { node: string; cause: string }) => `The actor of node "${p.node}" crashed: ${p.cause}`,
    status: 500,
    retryable: true,
    hint: 'Set "retry on fail" on the node to have it run again.',
  },
  NODE_UNKNOWN: {
    message: (p: { node: string; type: string; version: number }) =>
      `Node "${p.node}" has the type ${p.type} in version ${p.version}, which is not in the catalogue`,
    status: 400,
    retryable: false,
    hint: 'The README lists the node types that are there; replace the node or disable it.',
  },
  NODE_PLACE_MISSING: {
    message: (p: { node: string; tags: string; waitedMs: number; members: string }) =>
      `Node "${p.node}" asks for a member with ${p.tags}, and none was there for ${p.waitedMs / 1000} s; members: ${p.members}`,
    status: 503,
    retryable: true,
    hint: 'Start a member with these TROUPE_MEMBER_TAGS, or change the placement of the node or of the workflow.',
  },
  NODE_PLACE_BUSY: {
    message: (p: { node: string; tags: string; waitedMs: number; why: string }) =>
      `No member with ${p.tags} took node "${p.node}" within ${p.waitedMs / 1000} s: ${p.why}`,
    status: 503,
    retryable: true,
    hint: 'They perform as many nodes for others as they may, or cannot be reached: add a member with these tags.',
  },
  NODE_PLACE_LOST: {
    message: (p: { node: string; moves: number; why: string }) =>
      `Node "${p.node}" was lost with ${p.moves} members one after the other: ${p.why}`,
    status: 503,
    retryable: true,
    hint: 'If the node itself takes the members down, look at their memory; else at their connection to RabbitMQ.',
  },
  NODE_PLACE_ANSWER: {
    message: (p: { node: string }) => `The member that performed node "${p.node}" answered in a form not known here`,
    status: 502,
    retryable: true,
    hint: 'Do the members run versions that understand each other? See the rolling upgrade in docs/operations.md.',
  },
  RUNNER_DIED: {
    message: (p: { pid: number; reason: string }) => `The code runner with process id ${p.pid} is gone: ${p.reason}`,
    status: 500,
    retryable: true,
    hint: 'It is replaced and its work given to another one; nothing needs to be done.',
  },
  BINARY_GONE: {
    message: (p: { id: string }) => `The file with the id "${p.id}" is not in the database`,
    status: 404,
    retryable: false,
    hint: 'Retention may have removed it; run the workflow again to make it anew.',
  },
  BREAKER_OPEN: {
    message: (p: { breaker: string; retryAt: string }) =>
      `The circuit breaker "${p.breaker}" is open until ${p.retryAt}`,
    status: 503,
    retryable: true,
    hint: 'The target failed too often; calls are held back until a probe succeeds.',
  },
});
