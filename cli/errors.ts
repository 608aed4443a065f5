import { defineErrors } from '#workflow';

/**
 * Errors of the command line and of the configuration; exit code 2 unless said otherwise. The composition root throws
 * those of the ports it fills (USER_UNKNOWN of `Accounts`).
 */
export const cliErrors = defineErrors({
  CONFIG_INVALID: {
    message: ({ faults }: { faults: readonly string[] }) =>
      `The configuration cannot be used:\n  ${faults.join('\n  ')}`,
    status: 500,
    retryable: false,
    hint: 'Correct the environment variables named above; the list of all is in the README.',
  },
  CLI_FILE_UNREADABLE: {
    message: ({ file, fault }: { file: string; fault: string }) => `${file}: cannot be read (${fault})`,
    status: 400,
    retryable: false,
    hint: 'Give the path of a file with workflow JSON.',
  },
  CLI_FILE_TOO_LARGE: {
    message: ({ file, bytes, limit }: { file: string; bytes: number; limit: number }) =>
      `${file}: ${bytes} bytes are over the limit of ${limit} bytes`,
    status: 413,
    retryable: false,
    hint: 'Split the file, or take large pinned data out of the workflow.',
  },
  CLI_JSON_INVALID: {
    message: ({ file, fault }: { file: string; fault: string }) => `${file}: is not JSON (${fault})`,
    status: 400,
    retryable: false,
    hint: 'Export the workflow again, or check the file with a JSON tool.',
  },
  CLI_NOT_A_WORKFLOW: {
    message: ({ file, fault }: { file: string; fault: string }) => `${file}: is no workflow (${fault})`,
    status: 400,
    retryable: false,
    hint: 'A workflow is an object with "nodes" and "connections", or an array of such objects.',
  },
  CLI_INPUT_INVALID: {
    message: ({ fault }: { fault: string }) => `--input: ${fault}`,
    status: 400,
    retryable: false,
    hint: 'Give a JSON object, an array of objects, or @FILE with one of these.',
  },
  CLI_WORKFLOW_UNKNOWN: {
    message: ({ id }: { id: string }) => `There is no workflow with the id "${id}"`,
    status: 404,
    retryable: false,
    hint: 'Run "troupe export" without an id to see all of them.',
  },
  CLUSTER_INCOMPLETE: {
    message: ({ variable, lacks }: { variable: string; lacks: string }) =>
      `${variable} is set and ${lacks} is not: a cluster needs both`,
    status: 500,
    retryable: false,
    hint: 'A cluster shares one PostgreSQL (DATABASE_URL) and one RabbitMQ (AMQP_URL); Consul is optional. Unset all of them to run alone.',
  },
  BROKER_MISSING: {
    message: () => 'What is parked lies at the broker of a cluster, and AMQP_URL is not set',
    status: 400,
    retryable: false,
    hint: 'Set AMQP_URL to the address that the members use. On one machine events are parked in memory only.',
  },
  CLUSTER_KEY_MISSING: {
    message: () => 'No API key to ask the cluster with',
    status: 401,
    retryable: false,
    hint: 'Give --api-key, or set TROUPE_API_KEY.',
  },
  CLUSTER_UNREACHABLE: {
    message: ({ url, fault }: { url: string; fault: string }) => `No member answers at ${url} (${fault})`,
    status: 503,
    retryable: true,
    hint: 'Start a member there, or give the address of one that runs with --url.',
  },
  CLUSTER_REFUSED: {
    message: ({ url, status, fault }: { url: string; status: number; fault: string }) =>
      `The member at ${url} refused with ${status}: ${fault}`,
    status: 502,
    retryable: false,
    hint: 'The words are the answer of that member; check the key and the name.',
  },
  CLUSTER_ANSWER_INVALID: {
    message: ({ url }: { url: string }) => `What answers at ${url} is no member of Troupe`,
    status: 502,
    retryable: false,
    hint: 'Check --url: another program may listen there.',
  },
  CLUSTER_DRAIN_SLOW: {
    message: ({ member, left }: { member: string; left: number }) =>
      `${member} still owns ${left} shards; it goes on giving them away`,
    status: 504,
    retryable: true,
    hint: 'Look at "troupe cluster members": is there another living member to take them?',
  },
  USER_UNKNOWN: {
    message: ({ email }: { email: string }) => `There is no user ${email}`,
    status: 404,
    retryable: false,
    hint: 'Create the user first: troupe user create --email …',
  },
});
