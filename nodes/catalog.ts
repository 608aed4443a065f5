import type { NodeCatalog, NodeType } from '#runtime';
import type { NodeDefinition } from '#workflow';

const LONG_PREFIX = 'n8n-nodes-base.';

/**
 * The closed map of node types: a name that is not in the list does not exist, whatever a workflow says. Short names
 * (`set`) stand for long ones (`n8n-nodes-base.set`).
 */
export function catalogOf(types: readonly NodeType[]): NodeCatalog {
  const byName = new Map(types.map((type) => [type.type, type]));
  const find = (type: string, version: number): NodeType | undefined => {
    const found = byName.get(type) ?? byName.get(`${LONG_PREFIX}${type}`);
    return found?.versions.includes(version) ? found : undefined;
  };
  return {
    find,
    facts: (node: NodeDefinition) => find(node.type, node.typeVersion)?.facts(node),
    all: () => types,
  };
}
