const BASE_PACKAGE = 'n8n-nodes-base';

/** `http-request` to `httpRequest`; names without a hyphen stay as they are. */
function camel(name: string): string {
  return name.replace(/-+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The canonical long form of a node type's name. `http-request`, `httpRequest` and
 * `n8n-nodes-base.httpRequest` are the same type; names of other packages keep their package.
 */
export function canonicalNodeType(type: string): string {
  const dot = type.lastIndexOf('.');
  if (dot === -1) return `${BASE_PACKAGE}.${camel(type)}`;
  return `${type.slice(0, dot)}.${camel(type.slice(dot + 1))}`;
}

const STICKY_NOTE = canonicalNodeType('stickyNote');

/** Sticky notes lie on the canvas for people; execution does not see them. */
export function isStickyNote(canonicalType: string): boolean {
  return canonicalType === STICKY_NOTE;
}
