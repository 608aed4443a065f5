/**
 * One rule that every implementation of a port keeps. Suites are lists of these, so that any test runner can run them:
 * `for (const { rule, check } of journalConformance(make)) test(rule, check)`.
 */
export interface ConformanceCase {
  readonly rule: string;
  /** Rejects with an AssertionError when the rule is broken. */
  readonly check: () => Promise<void>;
}

/** Turns rules about a fixture into cases that make and dispose it. */
export function casesOf<F extends { dispose?: () => Promise<void> }>(
  make: () => Promise<F>,
  rules: Readonly<Record<string, (fixture: F) => Promise<void>>>,
): ConformanceCase[] {
  return Object.entries(rules).map(([rule, check]) => ({
    rule,
    check: async () => {
      const fixture = await make();
      try {
        await check(fixture);
      } finally {
        await fixture.dispose?.();
      }
    },
  }));
}
