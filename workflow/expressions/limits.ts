/** Bounds of the expression engine. Over a limit an expression stops with an EXPRESSION_* error, never the process. */

/** Length of one parameter text with all its `{{ }}`. */
export const EXPRESSION_TEXT_CHARACTERS = 262_144;
/** Nesting of the syntax tree of one `{{ }}`. */
export const SYNTAX_DEPTH = 1_000;
/** Steps (calls, loop rounds, array elements touched) of one evaluation. */
export const FUEL_STEPS = 2_000_000;
/** Bytes that one evaluation may allocate in strings, arrays and objects, summed over its life. */
export const ALLOCATION_BYTES = 67_108_864;
/** Closures that call each other. */
export const CALL_DEPTH = 120;
/** Elements of an array made by an expression. */
export const ARRAY_ELEMENTS = 1_000_000;
/** Nesting of values that are converted to text, JSON or a result. */
export const VALUE_DEPTH = 200;
/** Size of a bigint. */
export const BIGINT_BITS = 4_096;
/** Length of a regular expression. */
export const REGEX_CHARACTERS = 1_000;
/** Text that one regular expression may be run on. */
export const REGEX_INPUT_CHARACTERS = 1_048_576;
/** Compiled texts that are kept; the least recently used are dropped. */
export const COMPILED_TEXTS = 5_000;
/** Bytes charged for each element or member that a helper creates. */
export const ELEMENT_BYTES = 16;
/** Parameters that refer to each other through `$parameter`. */
export const PARAMETER_DEPTH = 20;
/** Worst-case work of one run of a regular expression: text length to the power of its degree. */
export const REGEX_WORK_STEPS = 1e10;
/** Length of a format pattern of dates, and what one formatting is charged. */
export const TIME_FORMAT_CHARACTERS = 500;
/** Intervals that one split may give. */
export const TIME_PIECES = 100_000;
/** Patterns of filter fields that are kept built. */
export const REGEX_PATTERNS = 1_000;
