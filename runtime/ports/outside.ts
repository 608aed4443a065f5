import type { BinaryData, Item, JsonObject, JsonValue } from '#workflow';

/** The one guarded way out over HTTP. Addresses are checked at connect and on every redirect. */
export interface HttpClient {
  request(request: OutgoingRequest): Promise<OutgoingResponse>;
}

/**
 * One HTTP call. Rejected with HTTP_URL_INVALID, HTTP_ADDRESS_REFUSED (private or metadata address), HTTP_TIMEOUT,
 * HTTP_TOO_MANY_REDIRECTS, HTTP_RESPONSE_TOO_LARGE, HTTP_CONNECTION_REFUSED or HTTP_CONNECTION_FAILED. `proxy` is a
 * URL; `allowUnauthorizedCerts` defaults to false.
 */
export interface OutgoingRequest {
  method: string;
  /** Absolute http or https URL. */
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
  /** Whole call, in milliseconds; default 300,000. */
  timeoutMs?: number;
  /** Redirects followed; default 21; 0 = none. */
  maxRedirects?: number;
  /** Bytes of the answer; default 128 MiB; over it the call fails with HTTP_RESPONSE_TOO_LARGE. */
  maxResponseBytes?: number;
  proxy?: string;
  allowUnauthorizedCerts?: boolean;
  signal: AbortSignal;
}

/** The answer of the last hop, whatever its status: a 500 is an answer and not an error here. */
export interface OutgoingResponse {
  status: number;
  statusMessage: string;
  /** Lower-case names; a repeated header is joined by ", ", `set-cookie` is an array. */
  headers: Record<string, string | string[]>;
  body: Uint8Array;
  /** The address after redirects. */
  url: string;
}

/** Runs user code in a contained process. A dead runner is replaced and the run re-dispatched; see `nodes/code`. */
export interface CodeRunner {
  run(job: CodeJob): Promise<CodeOutcome>;
}

/**
 * One run of user code. Everything goes to the runner as plain data; nothing of the engine can be reached from it.
 * Rejected with CODE_TIMEOUT, CODE_MEMORY, CODE_RESULT_TOO_LARGE, CODE_TOO_LONG, CODE_RUNNER_DIED (after three
 * runners), CODE_QUEUE_FULL or CODE_ABORTED.
 */
export interface CodeJob {
  source: string;
  mode: 'runOnceForAllItems' | 'runOnceForEachItem';
  items: readonly Item[];
  /** Everything `$(…)`, `$workflow`, `$execution` and the like answer from, as plain data. */
  scene: JsonObject;
  /** Wall time; the process is killed at twice this. */
  timeoutMs: number;
  memoryMb: number;
  signal: AbortSignal;
  /** Answers `this.helpers` calls of the code that need the outside (`httpRequest`, `readBinary`); absent = refused. */
  call?: (name: string, argument: JsonValue) => Promise<JsonValue>;
}

/**
 * What user code came to: a value (unchecked JSON, the node judges its shape) or its own exception, which is the
 * user's and no error of ours. `line` counts from 1 in the user's text, `item` from 0; at most 100 log lines.
 */
export type CodeOutcome =
  | { kind: 'value'; value: JsonValue | undefined; logs: string[]; staticData?: Record<string, JsonObject> }
  | {
      kind: 'threw';
      error: { name: string; message: string; description?: string; line?: number; item?: number };
      logs: string[];
    };

/** Files of items and large payloads, by the sha256 of their content. */
export interface BlobStore {
  put(bytes: Uint8Array): Promise<string>;
  get(id: string): Promise<Uint8Array | undefined>;
}

/** Turns a binary of an item into bytes and back, wherever its content lies. */
export interface BinaryStore {
  read(binary: BinaryData): Promise<Uint8Array>;
  write(bytes: Uint8Array, meta: { mimeType: string; fileName?: string }): Promise<BinaryData>;
}
