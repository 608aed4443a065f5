/** The company: execution, node, shard, trigger and runner actors, and the engine that gateways talk to. */
export type * from './engine.ts';
