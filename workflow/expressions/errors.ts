import { defineErrors } from '../errors.ts';

/** Where an expression stopped. Position counts characters from the start of the parameter text. */
export interface Place {
  node?: string;
  parameter?: string;
  item?: number;
  position?: number;
}

/** What stops a run. Messages are n8n's where n8n has one, since workflows and people match on them. */
export const errors = defineErrors({
  EXPRESSION_SYNTAX: {
    message: (_p: Place & { reason: string }) => 'invalid syntax',
    status: 400,
    retryable: false,
    hint: 'details.reason and details.position say what is wrong and where. A nested object needs a space between its closing braces: } }.',
  },
  EXPRESSION_UNSUPPORTED: {
    message: (p: Place & { construct: string }) => `${p.construct} is not supported in expressions`,
    status: 400,
    retryable: false,
    hint: 'Use a Code node for this.',
  },
  EXPRESSION_TOO_LARGE: {
    message: (p: Place & { what: string; limit: number }) => `The expression is too large: ${p.what} over ${p.limit}`,
    status: 400,
    retryable: false,
    hint: 'Split it, or use a Code node.',
  },
  EXPRESSION_DENIED: {
    message: (p: Place & { name: string }) => `Cannot access "${p.name}" due to security concerns`,
    status: 400,
    retryable: false,
    hint: 'Expressions see data only; prototypes and constructors do not exist for them.',
  },
  EXPRESSION_FUNCTION: {
    message: (p: Place & { text: string; description?: string }) => p.text,
    status: 400,
    retryable: false,
    hint: 'Check the type of the value before the function and its arguments.',
  },
  EXPRESSION_NODE_UNKNOWN: {
    message: (_p: Place & { reference: string }) => "Referenced node doesn't exist",
    status: 400,
    retryable: false,
    hint: 'The node was renamed or deleted; correct the name in the expression.',
  },
  EXPRESSION_NOT_EXECUTED: {
    message: (p: Place & { reference: string }) => `Node '${p.reference}' hasn't been executed`,
    status: 400,
    retryable: false,
    hint: 'Check first with $if($("name").isExecuted, …), or rewire so that the node always runs before.',
  },
  EXPRESSION_ITEM_LINK: {
    message: (p: Place & { text: string; reference: string; reason: string }) => p.text,
    status: 400,
    retryable: false,
    hint: 'Use .first(), .last() or .all() with an index, or keep pairedItem in the nodes between.',
  },
  EXPRESSION_NO_ITEM: {
    message: (p: Place & { text: string }) => p.text,
    status: 400,
    retryable: false,
    hint: 'The referenced run or item does not exist.',
  },
  EXPRESSION_ENV_DENIED: {
    message: (_p: Place & { name: string }) => 'access to env vars denied',
    status: 400,
    retryable: false,
    hint: 'Use $vars or a credential.',
  },
  EXPRESSION_REGEX_UNSAFE: {
    message: (p: Place & { pattern: string; reason: string }) =>
      `The regular expression /${p.pattern.slice(0, 100)}/ is not allowed: ${p.reason}`,
    status: 400,
    retryable: false,
    hint: 'Write it without nested quantifiers, back references and look-around, or use a Code node.',
  },
  EXPRESSION_LIMIT: {
    message: (p: Place & { what: string; limit: number }) =>
      `The expression was stopped: more than ${p.limit} ${p.what}`,
    status: 400,
    retryable: false,
    hint: 'Do this work in a Code node.',
  },
  EXPRESSION_RESULT: {
    message: (p: Place & { text: string }) => `Expression evaluation failed: ${p.text} could not be cloned.`,
    status: 400,
    retryable: false,
    hint: 'The result is a function. Call it, or return data.',
  },
  EXPRESSION_RECURSION: {
    message: (p: Place & { name: string }) => `Parameter "${p.name}" refers to itself`,
    status: 400,
    retryable: false,
    hint: 'Remove the circle between $parameter references.',
  },
});

type Rows = typeof errors;
/** The values of a row without the place, which only the evaluation knows. */
type Values<K extends keyof Rows> = Omit<Parameters<Rows[K]>[0], keyof Place>;

/**
 * Stops an evaluation from the inside; {@link evaluate} turns it into the TroupeError with node, parameter, item
 * and position. Guest code can catch it only where `catchable` (n8n lets an author catch a failed function).
 */
export class Stop extends Error {
  readonly build: (place: Place) => Error;
  readonly catchable: boolean;
  constructor(build: (place: Place) => Error, message: string, catchable: boolean) {
    super(message);
    this.build = build;
    this.catchable = catchable;
  }
}

const CATCHABLE: ReadonlySet<keyof Rows> = new Set<keyof Rows>([
  'EXPRESSION_FUNCTION',
  'EXPRESSION_NODE_UNKNOWN',
  'EXPRESSION_NOT_EXECUTED',
  'EXPRESSION_ITEM_LINK',
  'EXPRESSION_NO_ITEM',
]);

/** Makes a stop of one of the rows above. */
export function stop<K extends keyof Rows>(code: K, values: Values<K>): Stop {
  // The factory of row K takes the values of row K; TypeScript cannot follow K through the table.
  const make = errors[code] as (params: object) => Error;
  return new Stop((place) => make({ ...values, ...place }), make(values).message, CATCHABLE.has(code));
}

/** The commonest stop: an n8n function that was called on or with the wrong thing. */
export function functionStop(text: string, description?: string): Stop {
  return stop('EXPRESSION_FUNCTION', description === undefined ? { text } : { text, description });
}

/**
 * What guest code throws or runs into (TypeError and the like). n8n swallows these: the expression gives undefined.
 */
export class Fault extends Error {
  readonly thrown: unknown;
  readonly kind: string;
  constructor(kind: string, message: string, thrown?: unknown) {
    super(message);
    this.kind = kind;
    this.thrown = thrown;
  }
}

/** A TypeError as JavaScript would raise it. */
export function typeFault(message: string): Fault {
  return new Fault('TypeError', message);
}

/** A RangeError as JavaScript would raise it. */
export function rangeFault(message: string): Fault {
  return new Fault('RangeError', message);
}
