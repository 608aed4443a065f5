/** The kind and value of an argument as Node names them in its messages: `type number (5)`, `undefined`. */
export function inspectType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an instance of Array';
  if (typeof value === 'object') return `an instance of ${'toISO' in value ? 'DateTime' : 'Object'}`;
  return `type ${typeof value} (${String(value as number | boolean | string)})`;
}
