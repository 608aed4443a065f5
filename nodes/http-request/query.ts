import { HTTP_QUERY_DEPTH_LEVELS } from '../limits.ts';
import { asText, isRecord, plain } from '../values.ts';

/** `a[0]=1&a[1]=2`, `a[]=1&a[]=2` or `a=1&a=2`. */
export type ArrayFormat = 'indices' | 'brackets' | 'repeat';

/** The address with these values added to its query; nested objects are written `b[c]=1`. */
export function withQuery(url: string, query: Record<string, unknown>, arrays: ArrayFormat): string {
  const added = queryPairs(query, arrays).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  if (added.length === 0) return url;
  const hash = url.indexOf('#');
  const base = hash === -1 ? url : url.slice(0, hash);
  return `${base}${base.includes('?') ? '&' : '?'}${added.join('&')}`;
}

/** Name and text of each value; null is an empty text, undefined is left out. */
export function queryPairs(query: Record<string, unknown>, arrays: ArrayFormat): [string, string][] {
  return Object.entries(query).flatMap(([name, value]) => expand(name, value, arrays, 0));
}

function expand(name: string, value: unknown, arrays: ArrayFormat, depth: number): [string, string][] {
  if (value === undefined) return [];
  const data = plain(value);
  if (depth < HTTP_QUERY_DEPTH_LEVELS && Array.isArray(data)) {
    return data.flatMap((entry, i) => expand(elementName(name, i, arrays), entry, arrays, depth + 1));
  }
  if (depth < HTTP_QUERY_DEPTH_LEVELS && isRecord(data)) {
    return Object.entries(data).flatMap(([key, entry]) => expand(`${name}[${key}]`, entry, arrays, depth + 1));
  }
  return [[name, asText(data)]];
}

function elementName(name: string, index: number, arrays: ArrayFormat): string {
  if (arrays === 'repeat') return name;
  return arrays === 'brackets' ? `${name}[]` : `${name}[${index}]`;
}
