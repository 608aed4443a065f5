/** Executions alive on this member, with how many there are of each workflow. */
export class LiveRuns {
  readonly #workflowOf = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#workflowOf.size;
  }

  /** Live runs by workflow; workflows without any are not in it. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  has(executionId: string): boolean {
    return this.#workflowOf.has(executionId);
  }

  add(executionId: string, workflowId: string): void {
    if (this.#workflowOf.has(executionId)) return;
    this.#workflowOf.set(executionId, workflowId);
    this.#counts.set(workflowId, (this.#counts.get(workflowId) ?? 0) + 1);
  }

  delete(executionId: string): void {
    const workflowId = this.#workflowOf.get(executionId);
    if (workflowId === undefined) return;
    this.#workflowOf.delete(executionId);
    const left = (this.#counts.get(workflowId) ?? 1) - 1;
    if (left === 0) this.#counts.delete(workflowId);
    else this.#counts.set(workflowId, left);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#workflowOf.keys();
  }
}
