import { defineErrors } from '#workflow';

/** ` [line 3]`, ` [line 3, for item 1]`, ` [item 1]` or nothing: where a failure lies, in n8n's words. */
export function place(at: { line?: number | undefined; item?: number | undefined }): string {
  if (at.line !== undefined)
    return at.item === undefined ? ` [line ${at.line}]` : ` [line ${at.line}, for item ${at.item}]`;
  return at.item === undefined ? '' : ` [item ${at.item}]`;
}

/** What user code and its runners can fail with. Messages that n8n has too are n8n's (observed in 2.41.1). */
export const errors = defineErrors({
  CODE_THREW: {
    message: (p: { message: string; name: string; description?: string; line?: number; lineNumber?: number }) =>
      p.message + place({ line: p.line }),
    status: 422,
    retryable: false,
    hint: 'The code itself threw this; the line counts within the code of the node.',
  },
  CODE_RETURN_INVALID: {
    message: (p: { problem: string; description: string; line?: number; item?: number }) => p.problem + place(p),
    status: 422,
    retryable: false,
    hint: 'Return an array of items, each with its data under `json`.',
  },
  CODE_LANGUAGE_NOT_SUPPORTED: {
    message: (p: { language: string }) => `Code in the language "${p.language}" is not supported; use JavaScript`,
    status: 501,
    retryable: false,
    hint: 'Rewrite the code in JavaScript.',
  },
  CODE_TOO_LONG: {
    message: (p: { characters: number; limit: number }) =>
      `The code has ${p.characters} characters; the limit is ${p.limit}`,
    status: 422,
    retryable: false,
    hint: 'Move data out of the code.',
  },
  CODE_TIMEOUT: {
    message: (p: { seconds: number }) => `The code ran longer than ${p.seconds} seconds and was stopped`,
    status: 504,
    retryable: false,
    hint: 'Look for endless loops, or give the code less to do at a time.',
  },
  CODE_MEMORY: {
    message: (p: { megabytes: number }) => `The code used more than ${p.megabytes} MB of memory and was stopped`,
    status: 422,
    retryable: false,
    hint: 'Work on fewer items at a time, for example with Loop Over Items.',
  },
  CODE_RESULT_TOO_LARGE: {
    message: (p: { bytes: number }) => `Items or result of the code are larger than ${p.bytes} bytes`,
    status: 413,
    retryable: false,
    hint: 'Hand on fewer items at a time.',
  },
  CODE_RUNNER_DIED: {
    message: (p: { deaths: number; reason: string }) => `The code took down its runner ${p.deaths} times (${p.reason})`,
    status: 422,
    retryable: false,
    hint: 'The code uses up the memory of its process, for example with one huge array.',
  },
  CODE_RUNNER_START_FAILED: {
    message: (p: { attempts: number; reason: string }) =>
      `No runner for code could be started in ${p.attempts} attempts (${p.reason})`,
    status: 503,
    retryable: true,
    hint: 'Check that Node 24 runs here and that isolated-vm is installed for this platform.',
  },
  CODE_RUNNER_LOST: {
    message: (p: { reason: string; ready: boolean }) => `The runner is gone (${p.reason})`,
    status: 503,
    retryable: true,
  },
  CODE_RUNNER_BROKE: {
    message: (p: { problem: string }) => `The runner gave an answer that cannot be read: ${p.problem}`,
    status: 500,
    retryable: false,
    hint: 'The code changed built-in functions that its result depends on.',
  },
  CODE_QUEUE_FULL: {
    message: (p: { jobs: number }) => `${p.jobs} runs of code are waiting for a runner already`,
    status: 503,
    retryable: true,
    hint: 'Raise the number of runners, or start fewer executions at a time.',
  },
  CODE_ABORTED: {
    message: (p: { reason: string }) => `The run of the code was cancelled (${p.reason})`,
    status: 409,
    retryable: false,
  },
  CODE_CALL_REFUSED: {
    message: (p: { name: string }) => `this.helpers.${p.name} is not available in the Code node`,
    status: 501,
    retryable: false,
    hint: 'Use the HTTP Request node.',
  },
  CODE_HTTP_STATUS: {
    message: (p: { status: number; body: string }) => `Request failed with status code ${p.status}`,
    status: 502,
    retryable: false,
    hint: 'Set ignoreHttpStatusErrors to handle statuses in the code.',
  },
});
