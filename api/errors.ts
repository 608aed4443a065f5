import { defineErrors } from '#workflow';

/** What the gateway refuses, and why. Values from callers are cut where the message is made. */
export const errors = defineErrors({
  UNAUTHORIZED: {
    message: () => 'Unauthorized',
    status: 401,
    retryable: false,
    hint: 'Send an API key as X-N8N-API-KEY, or as Authorization: Bearer.',
  },
  FORBIDDEN: {
    message: (p: { permission: string }) => `This key lacks the permission ${p.permission}`,
    status: 403,
    retryable: false,
    hint: 'Use a key whose owner has this permission.',
  },
  ROUTE_UNKNOWN: {
    message: (p: { method: string; path: string }) => `Not Found: ${p.method} ${p.path.slice(0, 200)}`,
    status: 404,
    retryable: false,
    hint: 'Check method and path; those of the API begin with /api/v1.',
  },
  WORKFLOW_UNKNOWN: {
    message: (p: { id: string }) => `Not Found: there is no workflow ${p.id}`,
    status: 404,
    retryable: false,
    hint: 'GET /api/v1/workflows lists those that exist.',
  },
  EXECUTION_UNKNOWN: {
    message: (p: { id: string }) => `Not Found: there is no execution ${p.id}`,
    status: 404,
    retryable: false,
    hint: 'GET /api/v1/executions lists those that exist; old ones are removed by retention.',
  },
  EXECUTION_ENDED: {
    message: (p: { id: string }) => `The execution ${p.id} has ended already`,
    status: 409,
    retryable: false,
    hint: 'A terminal state never changes.',
  },
  EXECUTION_RUNNING: {
    message: (p: { id: string }) => `The execution ${p.id} has not ended yet`,
    status: 409,
    retryable: true,
    hint: 'Cancel it first, or wait for its end.',
  },
  EXECUTION_NOT_WAITING: {
    message: (p: { id: string }) => `The execution ${p.id} is not waiting for a call: it is running or has finished`,
    status: 409,
    retryable: true,
    hint: 'Look at its status first: GET /api/v1/executions/{id}.',
  },
  EXECUTION_DELETE_UNSUPPORTED: {
    message: (p: { id: string }) => `The execution ${p.id} cannot be deleted by hand`,
    status: 501,
    retryable: false,
    hint: 'Executions are removed by retention.',
  },
  INPUT_INVALID: {
    message: (p: { where: string; fault: string }) => `request/${p.where.slice(0, 200)} ${p.fault.slice(0, 200)}`,
    status: 400,
    retryable: false,
    hint: 'The path in the message names the field.',
  },
  CURSOR_INVALID: {
    message: () => 'The cursor is not one that this API gave out',
    status: 400,
    retryable: false,
    hint: 'Pass nextCursor of the page before, unchanged, or none.',
  },
  BODY_NOT_JSON: {
    message: (p: { fault: string }) => `The body is not valid JSON: ${p.fault.slice(0, 120)}`,
    status: 400,
    retryable: false,
    hint: 'Send JSON in UTF-8 with content-type application/json.',
  },
  BODY_KEY_REFUSED: {
    message: (p: { key: string }) => `The key ${p.key.slice(0, 60)} is not allowed here`,
    status: 400,
    retryable: false,
    hint: 'Rename the key: it would reach the prototype of an object.',
  },
  BODY_TOO_DEEP: {
    message: (p: { levels: number }) => `The body is nested deeper than ${p.levels} levels`,
    status: 400,
    retryable: false,
    hint: 'Send flatter data.',
  },
  BODY_TOO_LARGE: {
    message: (p: { bytes: number }) => `The body is larger than ${p.bytes} bytes`,
    status: 413,
    retryable: false,
    hint: 'Send less, or send a reference to the data.',
  },
  BODY_MALFORMED: {
    message: (p: { kind: string; fault: string }) => `The ${p.kind.slice(0, 60)} body is malformed: ${p.fault}`,
    status: 400,
    retryable: false,
    hint: 'Check that the body is what its content-type and content-encoding say.',
  },
  BODY_TYPE_UNSUPPORTED: {
    message: (p: { type: string }) => `Bodies of type ${p.type.slice(0, 100)} are not taken here`,
    status: 415,
    retryable: false,
    hint: 'Send application/json in UTF-8.',
  },
  URL_INVALID: {
    message: (p: { fault: string }) => `The address cannot be read: ${p.fault}`,
    status: 400,
    retryable: false,
    hint: 'Percent-encode the path in UTF-8 and keep it short.',
  },
  IDEMPOTENCY_KEY_INVALID: {
    message: (p: { characters: number }) => `An idempotency key has 1 to ${p.characters} characters`,
    status: 400,
    retryable: false,
    hint: 'Use a UUID.',
  },
  WEBHOOK_UNKNOWN: {
    message: (p: { method: string; path: string }) =>
      `The requested webhook "${p.method} ${p.path.slice(0, 200)}" is not registered.`,
    status: 404,
    retryable: false,
    hint: 'A production address answers while its workflow is active; check the method and the path.',
  },
  WEBHOOK_TEST_UNKNOWN: {
    message: (p: { method: string; path: string }) =>
      `The requested test webhook "${p.method} ${p.path.slice(0, 200)}" is not listening.`,
    status: 404,
    retryable: false,
    hint: 'POST /api/v1/workflows/{id}/test-webhook first; it listens for one call.',
  },
  WEBHOOK_ROUTES_EXCEEDED: {
    message: (p: { limit: number }) => `This member serves ${p.limit} webhook addresses already`,
    status: 503,
    retryable: false,
    hint: 'Deactivate workflows that are not in use.',
  },
  WEBHOOK_ANSWER_INVALID: {
    message: (p: { fault: string }) => `The answer of the workflow cannot be sent: ${p.fault.slice(0, 200)}`,
    status: 500,
    retryable: false,
    hint: 'Check the status code and header fields that the workflow sets.',
  },
  WEBHOOK_NODE_UNSUPPORTED: {
    message: (p: { node: string }) => `The node "${p.node.slice(0, 200)}" of this execution takes no calls`,
    status: 409,
    retryable: false,
    hint: 'The execution waits for something else; see its journal.',
  },
  IDEMPOTENT_CALL_RUNNING: {
    message: (p: { executionId: string }) => `The first call with this key still runs as execution ${p.executionId}`,
    status: 409,
    retryable: true,
    hint: 'Repeat the call later; it will get the result of the first one.',
  },
  GATEWAY_CLOSING: {
    message: () => 'This member is shutting down',
    status: 503,
    retryable: true,
    hint: 'Repeat the call; another member or the restarted one will take it.',
  },
  CLIENT_GONE: {
    message: () => 'The caller went away before its request was complete',
    status: 400,
    retryable: true,
    hint: 'Send the whole body.',
  },
  SOCKETS_EXCEEDED: {
    message: (p: { limit: number }) => `More than ${p.limit} live connections or subscriptions`,
    status: 429,
    retryable: true,
    hint: 'Unsubscribe what is no longer watched.',
  },
  ROUTE_UNPROTECTED: {
    message: (p: { route: string }) => `The route ${p.route} is public without being on the list of public routes`,
    status: 500,
    retryable: false,
    hint: 'Give the route a permission, or add it to PUBLIC_ROUTES with a reason.',
  },
  INTERNAL: {
    message: (p: { requestId: string }) => `Internal error; the log has it under request ${p.requestId}`,
    status: 500,
    retryable: true,
    hint: 'Repeat the call; if it stays, look the request id up in the log.',
  },
});
