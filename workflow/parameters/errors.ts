import { defineErrors } from '../errors.ts';

/** Rows of parameters, filters and typed assignments. Messages of filters and assignments are n8n's. */
export const errors = defineErrors({
  PARAMETER_MISSING: {
    message: (p: { node: string; parameter: string }) => `Could not get parameter "${p.parameter}" of node "${p.node}"`,
    status: 400,
    retryable: false,
    hint: 'The node type declares no such parameter and the workflow does not set it.',
  },
  PATH_UNSAFE: {
    message: (p: { path: string; step: string }) =>
      `The path "${p.path.slice(0, 100)}" is refused at "${p.step.slice(0, 50)}"`,
    status: 400,
    retryable: false,
    hint: 'Names such as __proto__, constructor and prototype cannot be part of a path.',
  },
  PATH_TOO_LONG: {
    message: (p: { path: string; limit: number }) =>
      `The path "${p.path.slice(0, 100)}" has more than ${p.limit} steps or too high an index`,
    status: 400,
    retryable: false,
    hint: 'Use a shorter path.',
  },
  FILTER_TYPE: {
    message: (p: { text: string; place: string; description: string }) => `${p.text} ${p.place}`,
    status: 400,
    retryable: false,
    hint: "Enable 'Convert types where required', or convert the value in the condition.",
  },
  FILTER_OPERATOR: {
    message: (p: { type: string; operation: string }) =>
      `The filter has no operator "${p.operation}" for type "${p.type}"`,
    status: 400,
    retryable: false,
    hint: 'Choose the condition anew.',
  },
  ASSIGNMENT_TYPE: {
    message: (p: { text: string; item: number; description: string }) => `${p.text} [item ${p.item}]`,
    status: 400,
    retryable: false,
    hint: 'Change the type of the field, or ignore type conversion errors.',
  },
});
