/** Bounds of parameters. */

/** Steps of one path such as `rules.values[0].conditions`. */
export const PATH_STEPS = 100;
/** Nesting of a parameter value. */
export const PARAMETER_VALUE_DEPTH = 200;
/** Highest index that a path may create in an array. */
export const PATH_INDEX = 100_000;
/** Resolved paths that one resolver keeps. */
export const RESOLVER_PATHS = 1_000;
