/** Parameters of nodes: schema, defaults, resolution per item, filters, typed assignments, paths. */
export type { ParameterOption, ParameterSchema } from './schema.ts';
export { parametersWithDefaults } from './defaults.ts';
export { makeResolver, locatorValue } from './resolver.ts';
export type { ParameterResolver } from './resolver.ts';
export { deletePath, getPath, hasPath, merge, parsePath, setPath } from './path.ts';
export type { Path } from './path.ts';
export { errors as parameterErrors } from './errors.ts';
