import {
  evaluateText,
  makeResolver,
  makeScene,
  parametersWithDefaults,
  resumedFor,
  type JsonObject,
  type JsonValue,
  type NodeDefinition,
  type ParameterResolver,
  type ExecutionMode,
  type RunNodeEffect,
  type RunState,
  type Scene,
  type WorkflowDefinition,
} from '#workflow';
import type { NodeContext, NodeType } from '#runtime';
import { buildCodeScene } from '#nodes';
import { publicUrl } from '../public-url.ts';
import type { Services } from '../services.ts';
import { guardedHttp } from './guarded-http.ts';
import { stableRandom } from './stable-random.ts';

/** Static data of the workflow as it was committed before this run, by `global` and `node:<name>`. */
export type StaticData = Readonly<Record<string, JsonObject>>;

/** What a node run is taken from: its live execution, or the fold of its journal on another member. */
export interface RunSource {
  readonly services: Services;
  readonly run: RunState;
  readonly args: {
    readonly executionId: string;
    readonly workflow: WorkflowDefinition;
    readonly create: { readonly mode: ExecutionMode };
  };
}

/** What one run of a node sees of the world: its items and parameters, and the ports it may act through. */
export function nodeContext(
  source: RunSource,
  node: NodeDefinition,
  type: NodeType,
  effect: RunNodeEffect,
  signal: AbortSignal,
  committedStaticData: () => StaticData,
): NodeContext {
  const { services, args, run } = source;
  const { executionId, workflow } = args;
  const { mode } = args.create;
  const resumed = resumedFor(run, node.name, effect.run);
  // The moment and the chances of this run follow from its journal: a repetition under the same key has the same input.
  const now = run.current?.startedAt ?? services.clock.now();
  const staticData = (key: string): JsonObject => run.staticData.get(key) ?? committedStaticData()[key] ?? {};
  const memory = run.memory.get(node.name) ?? {};
  const resumeUrl = `${publicUrl(services)}/webhook-waiting/${executionId}`;
  // Built when a parameter is first asked for: many nodes have none that needs a scene.
  let scene: Scene | undefined;
  let resolver: ParameterResolver | undefined;
  const sceneWith = (extra?: Readonly<Record<string, JsonValue>>): Scene =>
    makeScene({
      workflow,
      node,
      run: effect.run,
      runData: run.runData,
      inputs: effect.inputs,
      sources: effect.sources,
      mode,
      now,
      executionId,
      active: mode !== 'manual',
      memoryOf: (name) => run.memory.get(name) ?? {},
      parametersOf: (one) => parametersOf(source, one),
      random: stableRandom(`${executionId}/${node.id}/${effect.run}`),
      resumeUrl,
      ...(extra && { extra }),
    });
  const sceneOf = (): Scene => (scene ??= sceneWith());
  return {
    node,
    workflow,
    executionId,
    mode,
    run: effect.run,
    attempt: effect.attempt,
    inputs: effect.inputs,
    sources: effect.sources,
    runs: run.runData,
    items: (input = 0) => effect.inputs[input] ?? [],
    param(path: string, itemIndex: number, ...fallback: [JsonValue?]) {
      resolver ??= makeResolver(node, type.properties, sceneOf());
      return resolver.param(path, itemIndex, ...fallback);
    },
    // The names of the moment are plain data: answers of a target and counters.
    evaluate: (text, itemIndex, also) =>
      evaluateText(text, also ? sceneWith(also as Record<string, JsonValue>) : sceneOf(), itemIndex),
    scene: () =>
      // Plain data by construction; its type names the members instead of an index.
      buildCodeScene({
        workflow,
        active: mode !== 'manual',
        node,
        executionId,
        mode,
        run: effect.run,
        inputs: effect.inputs,
        sources: effect.sources,
        runData: run.runData,
        memory: run.memory,
        parametersOf: (one) => parametersOf(source, one),
        staticData: { global: staticData('global'), node: staticData(`node:${node.name}`) },
        now,
        resumeUrl,
        // One owner, one project: runners need not be changed between workflows. Projects come with users.
        project: 'owner',
      }) as unknown as JsonObject,
    now: () => services.clock.now(),
    zone: workflow.settings.timezone,
    signal,
    continuesOnFail: node.onError !== 'stopWorkflow',
    idempotencyKey: (itemIndex) => `${executionId}/${node.id}/${effect.run}/${itemIndex}`,
    http: guardedHttp(services.http, services.breakers, node.type),
    code: services.code,
    binary: services.binary,
    memory,
    staticData: (scope) => structuredClone(staticData(scope === 'global' ? 'global' : `node:${node.name}`)),
    ...(resumed && { resumed }),
  };
}

function parametersOf({ services }: RunSource, node: NodeDefinition): JsonObject {
  const type = services.catalog.find(node.type, node.typeVersion);
  // Defaults come from the schema, which holds JSON values only.
  return type ? (parametersWithDefaults(node, type.properties) as JsonObject) : node.parameters;
}
