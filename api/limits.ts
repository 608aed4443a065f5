/** Limits of the gateway: each input has a bound, and what is over it is answered with a code, never with a crash. */
export const API_LIMITS = {
  /** Body of an API call, in bytes (16 MiB): a workflow of a few thousand nodes. */
  API_BODY_BYTES: 16_777_216,
  /** Body of a webhook call, in bytes (16 MiB, as in n8n), also after decompression. */
  WEBHOOK_BODY_BYTES: 16_777_216,
  /** A compressed body may grow this many times over, once it is past INFLATE_FREE_BYTES. */
  INFLATE_RATIO: 100,
  INFLATE_FREE_BYTES: 1_048_576,
  /** Nesting of a JSON body. */
  JSON_DEPTH_LEVELS: 200,
  /** Pairs of a query string or form. */
  FORM_PAIRS: 2_000,
  /** Nesting of `a[b][c]` in a query string or form. */
  FORM_DEPTH_LEVELS: 6,
  /** Highest index of `a[3]=x`; over it the index is a key of an object. */
  FORM_ARRAY_INDEX: 1_000,
  /** Parts of a multipart body, and bytes of the headers of one. */
  MULTIPART_PARTS: 200,
  MULTIPART_HEADER_BYTES: 8_192,
  /** Longest address of a request, in characters. */
  URL_CHARACTERS: 16_384,
  /** All request headers together, in bytes. */
  HEADER_BYTES: 32_768,
  /** Time to send a whole request, in milliseconds. */
  REQUEST_MS: 120_000,
  /** Characters of an `Idempotency-Key`. */
  IDEMPOTENCY_KEY_CHARACTERS: 255,
  /** Characters of an API key; longer ones are wrong without looking. */
  API_KEY_CHARACTERS: 2_048,
  /** Keys whose owner is remembered, and for how long: a revoked key works at most this much longer. */
  KEY_CACHE_ENTRIES: 1_000,
  KEY_CACHE_MS: 30_000,
  /** Rows of a page: default and most (n8n's values). */
  PAGE_ROWS: 100,
  PAGE_ROWS_MOST: 250,
  /** Events of a journal page. */
  JOURNAL_ROWS: 100,
  JOURNAL_ROWS_MOST: 1_000,
  /** Characters of a workflow's name, of an id, of a filter. */
  NAME_CHARACTERS: 128,
  ID_CHARACTERS: 64,
  NODE_NAME_CHARACTERS: 256,
  /** Nodes of a workflow. */
  WORKFLOW_NODES: 5_000,
  /** Items of an execute or signal call. */
  INPUT_ITEMS: 100_000,
  /** How long `wait: true` holds the call before it answers 202 instead, in milliseconds. */
  EXECUTE_WAIT_MS: 300_000,
  /** How long a repeated webhook call waits for the first one to end, in milliseconds. */
  DUPLICATE_WAIT_MS: 30_000,
  /** Routes of active webhooks on this member. */
  WEBHOOK_ROUTES: 50_000,
  /** Pause between looks for workflows that began or ended listening elsewhere, in milliseconds: the longest delay. */
  ACTIVATION_LOOK_MS: 1_000,
  /** How long `/webhook-test/…` listens, in milliseconds; one call ends it earlier. */
  TEST_WEBHOOK_MS: 120_000,
  /** How long the rest of a refused body is read and thrown away, in milliseconds. */
  LINGER_MS: 5_000,
  /** Time for requests in flight at close, in milliseconds. */
  CLOSE_MS: 10_000,
  /** What `Retry-After` says by default, in seconds. */
  RETRY_AFTER_SECONDS: 1,
  /** Distinct values a label that comes from data may have; more are counted as `other`. */
  LABEL_VALUES: 500,
  /** Subscriptions of one socket. */
  SOCKET_SUBSCRIPTIONS: 100,
  /** Sockets of this member. */
  SOCKETS: 2_000,
  /** One message from a socket, in bytes. */
  SOCKET_MESSAGE_BYTES: 65_536,
  /** Events read from the journal in one go while a socket catches up. */
  REPLAY_ROWS: 500,
  /** Packets that may wait in a socket's write buffer before we stop feeding it. */
  SOCKET_BUFFER_PACKETS: 1_000,
  /** Executions of one workflow subscription whose position is kept; the longest unseen is dropped first. */
  WORKFLOW_POSITIONS: 5_000,
} as const;

/** The limits as they can be lowered or raised for one gateway. */
export type ApiLimits = { readonly [K in keyof typeof API_LIMITS]: number };
