/** Parameters of nodes: schema, defaults, resolution per item, filters, typed assignments, paths. */
export type { ParameterOption, ParameterSchema } from './schema.ts';
export { parametersWithDefaults } from './defaults.ts';
export { makeResolver, locatorValue } from './resolver.ts';
export type { ParameterResolver } from './resolver.ts';
export { deletePath, getPath, hasPath, merge, parsePath, setPath } from './path.ts';
export type { Path } from './path.ts';
export { errors as parameterErrors } from './errors.ts';
export { evaluateFilter } from './filter.ts';
export type { FilterSettings } from './filter.ts';
export { OPERATORS as FILTER_OPERATORS } from './filter-operators.ts';
export { convertAssignment } from './assignment.ts';
export type { AssignmentOptions, AssignmentType } from './assignment.ts';
export { toJsonValue } from './json-value.ts';
export { parseLooseJson } from './loose-json.ts';
