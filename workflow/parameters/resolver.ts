import type { NodeDefinition } from '../definition.ts';
import { compileText, evaluate, isExpression, type Scene } from '../expressions/index.ts';
import { parametersWithDefaults } from './defaults.ts';
import { errors } from './errors.ts';
import { PARAMETER_VALUE_DEPTH, RESOLVER_PATHS } from './limits.ts';
import { getPath, hasPath, parsePath } from './path.ts';
import type { ParameterSchema } from './schema.ts';

/** Gives a parameter value for one item. */
type Reader = (scene: Scene, itemIndex: number) => unknown;

/** A value without expressions is the same for all items; one with gets a reader. */
type Plan = { readonly fixed: true; readonly value: unknown } | { readonly fixed: false; readonly read: Reader };

function planOf(value: unknown, parameter: string, depth: number): Plan {
  if (isExpression(value)) {
    const compiled = compileText(value);
    const options = { parameter };
    return { fixed: false, read: (scene, itemIndex) => evaluate(compiled, scene, itemIndex, options) };
  }
  if (typeof value !== 'object' || value === null || depth > PARAMETER_VALUE_DEPTH) return { fixed: true, value };
  if (Array.isArray(value)) return listPlan(value, parameter, depth);
  const entries = Object.entries(value).map(([key, content]) => [key, planOf(content, parameter, depth + 1)] as const);
  if (entries.every(([, plan]) => plan.fixed)) return { fixed: true, value };
  return {
    fixed: false,
    read: (scene, itemIndex) =>
      Object.fromEntries(entries.map(([key, plan]) => [key, plan.fixed ? plan.value : plan.read(scene, itemIndex)])),
  };
}

function listPlan(value: readonly unknown[], parameter: string, depth: number): Plan {
  const plans = value.map((content) => planOf(content, parameter, depth + 1));
  if (plans.every((plan) => plan.fixed)) return { fixed: true, value };
  return {
    fixed: false,
    read: (scene, itemIndex) => plans.map((plan) => (plan.fixed ? plan.value : plan.read(scene, itemIndex))),
  };
}

/** What is the same for all runs of one node: its parameters with defaults, and a plan per path. */
interface Prepared {
  readonly values: Record<string, unknown>;
  readonly plans: Map<string, Plan | undefined>;
  readonly schemas: readonly ParameterSchema[];
}

const prepared = new WeakMap<NodeDefinition, Prepared>();

function prepare(node: NodeDefinition, schemas: readonly ParameterSchema[]): Prepared {
  const known = prepared.get(node);
  if (known?.schemas === schemas) return known;
  const made = { values: parametersWithDefaults(node, schemas), plans: new Map<string, Plan | undefined>(), schemas };
  prepared.set(node, made);
  return made;
}

/** Reads the parameters of one node in one run. */
export interface ParameterResolver {
  /**
   * A parameter by its path (`url`, `options.timeout`, `rules.values[0].outputKey`): defaults of what is shown applied,
   * expressions at any depth evaluated for the item. A parameter that no expression touches is the same value for every
   * item and must not be changed. A path that leads nowhere gives `fallback`; without one, undefined inside a known
   * parameter (an option that was not set) and PARAMETER_MISSING otherwise. Throws EXPRESSION_* errors.
   */
  param(path: string, itemIndex: number, fallback?: unknown): unknown;
  /** True when the value at the path does not depend on the item. */
  isStatic(path: string): boolean;
  /** All parameters with defaults, expressions as text. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The resolver of one node run. Everything that does not depend on the run is prepared once per node definition. */
export function makeResolver(
  node: NodeDefinition,
  schemas: readonly ParameterSchema[],
  scene: Scene,
): ParameterResolver {
  const { values, plans } = prepare(node, schemas);
  const plan = (path: string): Plan | undefined => {
    if (plans.has(path)) return plans.get(path);
    const made = makePlan(values, path);
    if (plans.size < RESOLVER_PATHS) plans.set(path, made);
    return made;
  };
  return {
    values,
    isStatic: (path) => plan(path)?.fixed ?? true,
    param: (path, itemIndex, ...rest) => {
      const found = plan(path);
      if (found !== undefined) return found.fixed ? found.value : found.read(scene, itemIndex);
      if (rest.length > 0) return rest[0];
      const [first = ''] = parsePath(path);
      if (first !== path && Object.hasOwn(values, first)) return undefined;
      throw errors.PARAMETER_MISSING({ node: node.name, parameter: path });
    },
  };
}

function makePlan(values: Record<string, unknown>, path: string): Plan | undefined {
  const steps = parsePath(path);
  const [first = path] = steps;
  if (hasPath(values, steps)) return planOf(getPath(values, steps), first, 0);
  // A step on the way may be an expression that gives an object.
  for (let length = steps.length - 1; length > 0; length--) {
    const above = getPath(values, steps.slice(0, length));
    if (!isExpression(above)) continue;
    const inner = planOf(above, first, 0);
    const rest = steps.slice(length);
    if (!inner.fixed) return { fixed: false, read: (scene, itemIndex) => getPath(inner.read(scene, itemIndex), rest) };
  }
  return undefined;
}

/** The value of a resource locator parameter, whichever form the workflow has. */
export function locatorValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '__rl')
    ? getPath(value, ['value'])
    : value;
}
