import { defineErrors } from '#workflow';

/** Cuts user content so that a message stays readable; 200 characters at most. */
const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 197)}…` : text);
const at = (item: number | undefined): string => (item === undefined ? '' : ` [item ${item}]`);

/**
 * What the node types can fail with. Where n8n has a message of its own for the same failure, the message is the
 * same (observed in 2.41.1), because workflows compare it.
 */
export const errors = defineErrors({
  NODE_PARAMETER_INVALID: {
    message: (p: { parameter: string; value: string; allowed: string; item?: number }) =>
      `Parameter "${p.parameter}" has the value "${cut(p.value)}"; allowed: ${p.allowed}${at(p.item)}`,
    status: 422,
    retryable: false,
    hint: 'Correct the parameter, or the expression that gives its value.',
  },
  NODE_PARAMETER_MISSING: {
    message: (p: { parameter: string; item?: number }) => `Parameter "${p.parameter}" is required${at(p.item)}`,
    status: 422,
    retryable: false,
    hint: 'Fill in the parameter.',
  },
  NODE_NOT_SUPPORTED: {
    message: (p: { feature: string }) => `Not supported yet: ${p.feature}`,
    status: 501,
    retryable: false,
    hint: 'Use another node or operation that gives the same result.',
  },
  NODE_CREDENTIALS_NOT_SUPPORTED: {
    message: (p: { node: string; kind: string }) =>
      `The node "${p.node}" uses credentials (${p.kind}), which are not supported yet`,
    status: 501,
    retryable: false,
    hint: 'Set the authentication of the node to "none", or send the header yourself.',
  },
  NODE_VALUE_TOO_DEEP: {
    message: (p: { levels: number }) => `A value is nested deeper than ${p.levels} levels`,
    status: 422,
    retryable: false,
    hint: 'Flatten the data.',
  },
  NODE_PATH_INVALID: {
    message: (p: { path: string; problem: string }) => `The field name "${cut(p.path)}" cannot be used: ${p.problem}`,
    status: 422,
    retryable: false,
    hint: 'Choose another field name.',
  },
  NODE_TOO_MANY: {
    message: (p: { what: string; limit: number }) => `Over the limit of ${p.limit} ${p.what}`,
    status: 422,
    retryable: false,
    hint: 'Split the work into smaller parts, for example with Loop Over Items.',
  },
  NODE_STOPPED: {
    message: (p: { message: string; wholeNode: true; description?: string }) => p.message,
    status: 500,
    retryable: false,
  },
  NODE_JSON_INVALID: {
    message: (p: { parameter: string; item?: number }) =>
      `The '${p.parameter}' in item ${p.item ?? 0} does not contain a valid JSON object`,
    status: 422,
    retryable: false,
    hint: 'Check the syntax of the JSON; texts that come from expressions need JSON.stringify or quotes.',
  },
  NODE_FIELD_MISSING: {
    message: (p: { field: string }) => `Couldn't find the field '${cut(p.field)}' in the input data`,
    status: 422,
    retryable: false,
    hint: 'Check the spelling of the field; upper and lower case differ.',
  },
  NODE_FIELD_MISSING_IN_SOME: {
    message: (p: { field: string }) => `'${cut(p.field)}' field is missing from some input items`,
    status: 422,
    retryable: false,
    hint: 'Give every item the field, or filter those out that lack it.',
  },
  NODE_FIELD_TYPES_DIFFER: {
    message: (p: { field: string; item: number }) =>
      `The field '${cut(p.field)}' has another type in item ${p.item} than in the items before`,
    status: 422,
    retryable: false,
    hint: 'Convert the field to one type first.',
  },
  NODE_OUTPUT_RANGE: {
    message: (p: { output: string; last: number }) => `The ouput ${cut(p.output)} is not allowed`,
    status: 422,
    retryable: false,
    hint: 'The output has to be one that the node has.',
  },
  NODE_RESPONSE_JSON_INVALID: {
    message: (_p: Record<never, never>) => "Invalid JSON in 'Response Body' field",
    status: 422,
    retryable: false,
    hint: "Check that the syntax of the JSON in the 'Response Body' parameter is valid",
  },
  NODE_BINARY_MISSING: {
    message: (p: { field: string; item: number }) => `The item has no binary field '${cut(p.field)}' [item ${p.item}]`,
    status: 422,
    retryable: false,
    hint: 'Check the name of the binary field and that the node before puts it out.',
  },
  NODE_DATE_INVALID: {
    message: (_p: { value: string }) => 'Invalid date format',
    status: 422,
    retryable: false,
    hint: 'Use an ISO date such as 2024-03-10T07:30:00Z, or name its format.',
  },
  NODE_CRON_INVALID: {
    message: (p: { expression: string; problem: string }) =>
      `The cron expression "${cut(p.expression)}" cannot be read: ${p.problem}`,
    status: 422,
    retryable: false,
    hint: 'Five fields (minute hour day month weekday) or six with seconds first.',
  },
  NODE_SUBWORKFLOW_FAILED: {
    message: (p: { message: string }) => p.message,
    status: 500,
    retryable: false,
    hint: 'Look at the run of the sub-workflow.',
  },
  NODE_REGEX_UNSAFE: {
    message: (p: { pattern: string; problem: string }) =>
      `The regular expression ${cut(p.pattern)} cannot be used: ${p.problem}`,
    status: 422,
    retryable: false,
    hint: 'Use a simpler expression.',
  },
  HTTP_URL_INVALID: {
    message: (p: { url: string }) => `Invalid URL: ${cut(p.url)}. URL must start with "http" or "https".`,
    status: 422,
    retryable: false,
    hint: 'Give the full address with its scheme.',
  },
  HTTP_ADDRESS_REFUSED: {
    message: (p: { host: string; address: string }) =>
      `The address ${p.address} of host "${cut(p.host)}" may not be called`,
    status: 403,
    retryable: false,
    hint: 'Private and metadata addresses are guarded; an operator can allow networks in the configuration.',
  },
  HTTP_RESPONSE_TOO_LARGE: {
    message: (p: { url: string; bytes: number }) => `The answer of ${cut(p.url)} is larger than ${p.bytes} bytes`,
    status: 502,
    retryable: false,
    hint: 'Ask for less at a time, for example by pagination.',
  },
  HTTP_TIMEOUT: {
    message: (_p: { url: string; timeoutMs: number }) =>
      'The connection timed out, consider setting the "Retry on Fail" option in the node settings',
    status: 504,
    retryable: true,
    hint: 'Raise the timeout of the node, or let it retry.',
  },
  HTTP_TOO_MANY_REDIRECTS: {
    message: (p: { url: string; limit: number }) =>
      `Maximum number of redirects exceeded (${p.limit}) at ${cut(p.url)}`,
    status: 502,
    retryable: false,
    hint: 'Raise the limit of redirects, or call the final address.',
  },
  HTTP_CONNECTION_REFUSED: {
    message: (_p: { address: string; httpCode: string; messages: string[] }) =>
      'The service refused the connection - perhaps it is offline',
    status: 502,
    retryable: true,
    hint: 'Check host and port, and that the service runs.',
  },
  HTTP_CONNECTION_FAILED: {
    message: (p: { url: string; reason: string; httpCode: string; messages: string[] }) => p.reason,
    status: 502,
    retryable: true,
    hint: 'Check the host name and the network.',
  },
  HTTP_STATUS: {
    message: (p: { httpCode: string; text: string; description?: string; messages: string[]; item: number }) => p.text,
    status: 502,
    retryable: false,
    hint: 'Turn on "Never Error" to handle statuses in the workflow.',
  },
  HTTP_BODY_INVALID: {
    message: (p: { problem: string; item: number }) => p.problem,
    status: 422,
    retryable: false,
    hint: 'Check the JSON that the node sends.',
  },
  HTTP_ANSWER_INVALID: {
    message: (p: { problem: string; item: number }) => p.problem,
    status: 502,
    retryable: false,
    hint: 'Choose the response format that the service really answers with.',
  },
  HTTP_PAGES_IDENTICAL: {
    message: (p: { times: number }) => `The returned response was identical ${p.times}x, so requests got stopped`,
    status: 502,
    retryable: false,
    hint: 'Check if "Pagination Completed When" has been configured correctly.',
  },
});
