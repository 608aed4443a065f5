/** A figure of several rounds: the middle one counts, the spread says how far to trust it. */
export interface Figure {
  median: number;
  least: number;
  most: number;
  rounds: number[];
}

/** Median, least and most of the rounds; of none: zeros. */
export function figure(rounds: readonly number[]): Figure {
  const sorted = rounds.toSorted((a, b) => a - b);
  return { median: percentile(sorted, 0.5), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0, rounds: [...rounds] };
}

/** The value under which this share of an ascending list lies; between two values, the mean weighted by distance. */
export function percentile(ascending: readonly number[], share: number): number {
  const place = (ascending.length - 1) * share;
  const [below, above] = [ascending[Math.floor(place)] ?? 0, ascending[Math.ceil(place)] ?? 0];
  return below + (above - below) * (place - Math.floor(place));
}
