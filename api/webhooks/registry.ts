import { workflowErrors, type NodeDefinition, type WebhookResponse, type WorkflowDefinition } from '#workflow';
import type { NodeCatalog, WebhookRoute, WebhookTrigger } from '#runtime';
import { errors } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import { answerFaultOf } from './answer-fault.ts';

/** One address of one node of an active workflow, with all that a call needs, looked up once at activation. */
export interface WebhookTarget {
  readonly workflow: WorkflowDefinition;
  readonly version: number;
  readonly node: NodeDefinition;
  readonly webhook: WebhookTrigger;
  readonly respond: WebhookRoute['respond'];
  /** Origins that browsers may call from; `*` = all. */
  readonly allowedOrigins: string;
  /** Why no call can be answered as the node asks; every call gets this. */
  readonly fault: WebhookResponse | undefined;
}

type Methods = Map<string, WebhookTarget>;

interface Pattern {
  readonly segments: readonly string[];
  readonly methods: Methods;
}

export interface WebhookMatch {
  readonly target: WebhookTarget;
  readonly params: Record<string, string>;
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Which node answers which address. Fixed paths are one look-up; paths with `:name` are found by their first segment
 * (their webhook id) and tried by number of fixed segments, most first. A fixed path wins over a pattern.
 */
export class WebhookRegistry {
  readonly #catalog: NodeCatalog;
  readonly #limits: ApiLimits;
  readonly #fixed = new Map<string, Methods>();
  readonly #patterns = new Map<string, Pattern[]>();
  readonly #routesOf = new Map<string, RouteKey[]>();
  #size = 0;

  constructor(catalog: NodeCatalog, limits: ApiLimits) {
    this.#catalog = catalog;
    this.#limits = limits;
  }

  /** Number of addresses. */
  get size(): number {
    return this.#size;
  }

  /**
   * Registers every enabled webhook node; routes the workflow had before are replaced. All or nothing: throws
   * WEBHOOK_TAKEN and WEBHOOK_ROUTES_EXCEEDED with the table as it was. `decided`: the database gave these addresses
   * to this workflow, so whoever has them here has lost them there, and only its news has not come yet.
   */
  activate(workflow: WorkflowDefinition, version: number, decided = false): readonly WebhookRoute[] {
    const targets = targetsOf(workflow, version, this.#catalog);
    const taken = this.#taken(workflow.id, targets, decided);
    this.#refuseMany(workflow.id, targets.length - taken.length);
    for (const { path, method } of taken) this.#remove(path, method);
    this.deactivate(workflow.id);
    for (const { route, target } of targets) this.#methods(route.path, true)?.set(route.method, target);
    this.#routesOf.set(
      workflow.id,
      targets.map(({ route }) => ({ path: route.path, method: route.method })),
    );
    this.#size += targets.length;
    return targets.map(({ route }) => route);
  }

  /** Throws what {@link activate} would throw, and changes nothing. */
  check(workflow: WorkflowDefinition): void {
    const targets = targetsOf(workflow, 0, this.#catalog);
    this.#taken(workflow.id, targets, false);
    this.#refuseMany(workflow.id, targets.length);
  }

  /** Forgets the routes of a workflow; calls under way go on. */
  deactivate(workflowId: string): void {
    for (const { path, method } of this.#routesOf.get(workflowId) ?? []) {
      if (this.#methods(path, false)?.get(method)?.workflow.id === workflowId) this.#remove(path, method);
    }
    this.#routesOf.delete(workflowId);
  }

  #remove(path: string, method: string): void {
    const methods = this.#methods(path, false);
    if (methods?.delete(method) === true) this.#size -= 1;
    if (methods?.size === 0) this.#drop(path);
  }

  /** The target of a call; `path` without leading slash, as it stands in the address. */
  find(method: string, path: string): WebhookMatch | undefined {
    const fixed = this.#fixed.get(path)?.get(method);
    if (fixed !== undefined) return { target: fixed, params: NO_PARAMS };
    return this.#search(path, (methods) => methods.get(method));
  }

  /** Methods that this path takes; empty when it is unknown. */
  methodsOf(path: string): readonly string[] {
    const fixed = this.#fixed.get(path);
    if (fixed !== undefined) return [...fixed.keys()];
    let found: readonly string[] = [];
    this.#search(path, (methods) => {
      found = [...methods.keys()];
      return methods.values().next().value;
    });
    return found;
  }

  #search(path: string, pick: (methods: Methods) => WebhookTarget | undefined): WebhookMatch | undefined {
    const plain = normalized(path);
    const fixed = plain === path ? undefined : this.#fixed.get(plain);
    const target = fixed === undefined ? undefined : pick(fixed);
    if (target !== undefined) return { target, params: NO_PARAMS };
    if (this.#patterns.size === 0) return undefined;
    const segments = path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded);
    for (const key of [segments[0] ?? '', '']) {
      for (const pattern of this.#patterns.get(key) ?? []) {
        const params = matchSegments(pattern.segments, segments);
        const found = params === undefined ? undefined : pick(pattern.methods);
        if (params !== undefined && found !== undefined) return { target: found, params };
      }
    }
    return undefined;
  }

  /** Routes of other workflows at these addresses; throws WEBHOOK_TAKEN for the first one unless `decided`. */
  #taken(workflowId: string, targets: readonly RoutedTarget[], decided: boolean): RouteKey[] {
    const own = new Set<string>();
    return targets.flatMap(({ route }) => {
      const held = this.#holder(route.path, route.method);
      const other = held !== undefined && held.workflowId !== workflowId ? held : undefined;
      const address = `${route.method} ${addressOfPath(route.path)}`;
      if (own.has(address) || (other !== undefined && !decided)) {
        const { method, path } = route;
        throw workflowErrors.WEBHOOK_TAKEN({ method, path, workflowId: other?.workflowId ?? workflowId });
      }
      own.add(address);
      return other === undefined ? [] : [{ path: other.path, method: route.method }];
    });
  }

  #refuseMany(workflowId: string, more: number): void {
    const own = this.#routesOf.get(workflowId)?.length ?? 0;
    const limit = this.#limits.WEBHOOK_ROUTES;
    if (this.#size - own + more > limit) throw errors.WEBHOOK_ROUTES_EXCEEDED({ limit });
  }

  /** Who has this address, under whatever names of parameters. */
  #holder(path: string, method: string): { path: string; workflowId: string } | undefined {
    const segments = path.split('/');
    const alike = path.includes(':')
      ? (this.#patterns.get(keyOf(segments)) ?? []).filter((pattern) => sameAddress(pattern.segments, segments))
      : [{ segments, methods: this.#fixed.get(path) }];
    for (const pattern of alike) {
      const target = pattern.methods?.get(method);
      if (target !== undefined) return { path: pattern.segments.join('/'), workflowId: target.workflow.id };
    }
    return undefined;
  }

  /** The methods registered under a path as it was declared; made when `create`. */
  #methods(path: string, create: boolean): Methods | undefined {
    if (!path.includes(':')) return getOrMake(this.#fixed, path, create, () => new Map());
    const segments = path.split('/');
    const patterns = getOrMake(this.#patterns, keyOf(segments), create, () => []);
    const known = patterns?.find((pattern) => sameShape(pattern.segments, segments));
    if (known !== undefined || !create) return known?.methods;
    const made: Pattern = { segments, methods: new Map() };
    patterns?.push(made);
    patterns?.sort(byPrecedence);
    return made.methods;
  }

  #drop(path: string): void {
    this.#fixed.delete(path);
    const segments = path.split('/');
    const left = (this.#patterns.get(keyOf(segments)) ?? []).filter(({ methods }) => methods.size > 0);
    if (left.length === 0) this.#patterns.delete(keyOf(segments));
    else this.#patterns.set(keyOf(segments), left);
  }
}

interface RouteKey {
  readonly path: string;
  readonly method: string;
}

interface RoutedTarget {
  readonly route: WebhookRoute;
  readonly target: WebhookTarget;
}

/** The webhook nodes of a workflow with their routes; disabled nodes have none. */
export function targetsOf(workflow: WorkflowDefinition, version: number, catalog: NodeCatalog): RoutedTarget[] {
  return workflow.nodes.flatMap((node) => {
    const webhook = node.disabled ? undefined : catalog.find(node.type, node.typeVersion)?.webhook;
    if (webhook === undefined || catalog.facts(node)?.trigger !== true) return [];
    return webhook.routes(node).map((route) => ({
      route: { ...route, path: route.path.replace(/^\/+|\/+$/g, '') },
      target: {
        workflow,
        version,
        node,
        webhook,
        respond: route.respond,
        allowedOrigins: originsOf(node),
        fault: answerFaultOf(workflow, node, route.respond),
      },
    }));
  });
}

function originsOf(node: NodeDefinition): string {
  const options = node.parameters['options'];
  if (options === null || typeof options !== 'object' || Array.isArray(options)) return '*';
  const origins = options['allowedOrigins'];
  return typeof origins === 'string' && origins.trim() !== '' ? origins.trim() : '*';
}

function keyOf(segments: readonly string[]): string {
  const first = segments[0] ?? '';
  return first.startsWith(':') ? '' : first;
}

function sameShape(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}

/** What makes two declared paths the same address: all but the names of their parameters. */
export function addressOfPath(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment.startsWith(':') ? ':' : segment))
    .join('/');
}

function sameAddress(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && addressOfPath(a.join('/')) === addressOfPath(b.join('/'));
}

/** The same on every member, in whatever order workflows came to be active there. */
function byPrecedence(a: Pattern, b: Pattern): number {
  return fixedCount(b.segments) - fixedCount(a.segments) || (a.segments.join('/') < b.segments.join('/') ? -1 : 1);
}

function fixedCount(segments: readonly string[]): number {
  return segments.filter((segment) => !segment.startsWith(':')).length;
}

function matchSegments(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const params: Record<string, string> = Object.create(null);
  for (const [index, part] of pattern.entries()) {
    const given = path[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return { ...params };
}

function normalized(path: string): string {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decoded)
    .join('/');
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw errors.URL_INVALID({ fault: 'it is not percent-encoded UTF-8' });
  }
}

function getOrMake<V>(map: Map<string, V>, key: string, create: boolean, make: () => V): V | undefined {
  const known = map.get(key);
  if (known !== undefined || !create) return known;
  const made = make();
  map.set(key, made);
  return made;
}
