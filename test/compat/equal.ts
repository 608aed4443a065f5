/** Where two values differ: the path from the root, what was wanted and what came. */
export interface Difference {
  readonly path: string;
  readonly want: unknown;
  readonly got: unknown;
}

type Judge = (want: Readonly<Record<string, unknown>>, got: unknown) => boolean;

/** Markers that stand for values JSON cannot hold, or for loose expectations. */
const MARKERS: Readonly<Record<string, Judge>> = {
  $undefined: (_, got) => got === undefined,
  $date: ({ $date }, got) => got instanceof Date && Object.is(got.getTime(), Date.parse(String($date))),
  $number: ({ $number }, got) => Object.is(got, $number === '-0' ? -0 : Number($number)),
  $bigint: ({ $bigint }, got) => typeof got === 'bigint' && String(got) === $bigint,
  $buffer: ({ $buffer }, got) => Buffer.isBuffer(got) && got.toString('base64') === $buffer,
  $regexp: ({ $regexp, flags }, got) => got instanceof RegExp && got.source === $regexp && got.flags === flags,
  $matcher: ({ $matcher, args }, got) => matches(String($matcher), Array.isArray(args) ? args : [], got),
};

/**
 * The first difference, or undefined: missing members equal undefined ones, the order of keys is free, 0 equals -0.
 * Objects of `want` with a marker key stand for what the marker says.
 */
export function difference(want: unknown, got: unknown, path = '$'): Difference | undefined {
  if (Array.isArray(want)) return ofLists(want, got, path);
  if (!isObject(want)) return Object.is(want, got) || (want === 0 && got === 0) ? undefined : { path, want, got };
  for (const [marker, judge] of Object.entries(MARKERS)) {
    if (marker in want) return judge(want, got) ? undefined : { path, want, got };
  }
  if (!isObject(got) || got instanceof Date) return { path, want, got };
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    const at = `${path}.${key}`;
    if (want[key] === undefined && got[key] !== undefined) return { path: at, want: undefined, got: got[key] };
    const found = want[key] === undefined ? undefined : difference(want[key], got[key], at);
    if (found) return found;
  }
  return undefined;
}

function ofLists(want: readonly unknown[], got: unknown, path: string): Difference | undefined {
  if (!Array.isArray(got)) return { path, want, got };
  if (want.length !== got.length) return { path: `${path}.length`, want: want.length, got: got.length };
  for (const [index, value] of want.entries()) {
    const found = difference(value, got[index], `${path}[${index}]`);
    if (found) return found;
  }
  return undefined;
}

function matches(matcher: string, args: readonly unknown[], got: unknown): boolean {
  const [wanted] = args;
  switch (matcher) {
    case 'anything':
      return got !== undefined && got !== null;
    case 'any':
      return wanted === 'Array' ? Array.isArray(got) : got !== null && typeof got === String(wanted).toLowerCase();
    case 'stringContaining':
      return typeof got === 'string' && got.includes(String(wanted));
    case 'stringMatching': {
      const source = isObject(wanted) ? String(wanted['$regexp']) : String(wanted);
      const flags = isObject(wanted) ? String(wanted['flags'] ?? '') : '';
      return typeof got === 'string' && new RegExp(source, flags).test(got);
    }
    case 'objectContaining':
      return (
        isObject(wanted) &&
        isObject(got) &&
        Object.entries(wanted).every(([key, value]) => difference(value, got[key]) === undefined)
      );
    case 'arrayContaining':
      return (
        Array.isArray(wanted) &&
        Array.isArray(got) &&
        wanted.every((value) => got.some((one) => difference(value, one) === undefined))
      );
    case 'closeTo':
      return typeof got === 'number' && Math.abs(got - Number(wanted)) < 10 ** -Number(args[1] ?? 2) / 2;
    default:
      return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
