import type { JsonObject } from '#workflow';

/** A node in n8n's shape; its name is its id. */
export function node(
  name: string,
  type: string,
  typeVersion: number,
  parameters: object = {},
  more: object = {},
): object {
  const slug = name.toLowerCase().replaceAll(' ', '-');
  return { id: slug, name, type: `n8n-nodes-base.${type}`, typeVersion, position: [0, 0], parameters, ...more };
}

/** Connections of output 0 to input 0 along a line of names. */
export function line(...names: string[]): Record<string, object> {
  const pairs = names.slice(1).map((to, index) => [names[index] ?? '', to] as const);
  return Object.fromEntries(pairs.map(([from, to]) => [from, { main: [[{ node: to, type: 'main', index: 0 }]] }]));
}

/** A workflow of nodes that stand in a line, unless connections are given. */
export function workflow(
  name: string,
  nodes: object[],
  more: { connections?: object; settings?: JsonObject } = {},
): object {
  const names = nodes.map((each) => String(Reflect.get(each, 'name')));
  return {
    name,
    nodes,
    connections: more.connections ?? line(...names),
    settings: { executionOrder: 'v1', ...more.settings },
  };
}

export const start = (): object => node('Start', 'manualTrigger', 1);
export const end = (name = 'End'): object => node(name, 'noOp', 1);

/** A Code node over all items. */
export const code = (name: string, jsCode: string, more: object = {}): object =>
  node(name, 'code', 2, { jsCode }, more);

export const hook = (path: string, parameters: object = {}): object =>
  node('Webhook', 'webhook', 2, { path, httpMethod: 'POST', ...parameters });

export const http = (name: string, url: string, more: object = {}, parameters: object = {}): object =>
  node(name, 'httpRequest', 4.2, { method: 'GET', url, options: {}, ...parameters }, more);
