import type { BinaryData, Item, JsonObject, JsonValue } from '#workflow';

/** The one guarded way out over HTTP. Addresses are checked at connect and on every redirect. */
export interface HttpClient {
  request(request: OutgoingRequest): Promise<OutgoingResponse>;
}

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
