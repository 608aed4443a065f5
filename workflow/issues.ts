import type { Issue } from './errors-of-workflow.ts';
import { ISSUES_PER_REPORT } from './limits.ts';

/** Collects faults so that an author sees all of them at once; what is over ISSUES_PER_REPORT is counted only. */
export class IssueList {
  readonly issues: Issue[] = [];

  error(field: string, message: string, hint: string, node?: string): void {
    this.#add({ level: 'error', field, message, hint, ...(node === undefined ? {} : { node }) });
  }

  warning(field: string, message: string, hint: string, node?: string): void {
    this.#add({ level: 'warning', field, message, hint, ...(node === undefined ? {} : { node }) });
  }

  #add(issue: Issue): void {
    if (this.issues.length < ISSUES_PER_REPORT) this.issues.push(issue);
  }
}

/** A value as it stands in a message: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
