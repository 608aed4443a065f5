/**
 * The Code, Function and Function Item nodes, and the contained runner processes that perform their code.
 *
 * `codeNode`, `functionNode`, `functionItemNode` run through `NodeContext.code`, a CodeRunner such as the pool made by
 * `createRunnerPool({ spawn: startRunner, clock })`. `NodeContext.scene()` has to give what `buildCodeScene` makes.
 */
export { codeNode } from './code.ts';
export { functionItemNode, functionNode } from './function.ts';
export { buildCodeScene } from './scene.ts';
export type { CodeScene, SceneInput } from './scene.ts';
export { createRunnerPool } from './pool.ts';
export type { RunnerEvent, RunnerPool, RunnerPoolOptions } from './pool.ts';
export { startRunner } from './process.ts';
export type { RunnerProcess } from './process.ts';
export { containment } from './containment.ts';
export type { Containment, ContainmentLayer } from './containment.ts';
