import { parseWorkflow, type JsonObject, type WorkflowDefinition } from '#workflow';
import type { BlobStore } from '#runtime';
import type { WorkflowSource } from '../services.ts';

/** What is needed of the store of workflows. */
export interface VersionStore {
  /** The JSON of a version; `version` absent: the newest. Undefined when there is none. */
  version(workflowId: string, version?: number): Promise<{ source: JsonObject; version: number } | undefined>;
  staticData(workflowId: string): Promise<Record<string, JsonObject>>;
}

/** Parsed definitions held in memory; a definition of 100 nodes takes about 200 kB. */
const DEFINITIONS_HELD = 500;

const INLINE = 'inline:';

/**
 * Definitions by id and version, parsed once. Versions are immutable, so a pinned one never goes stale; the newest
 * version of an id is asked of the store each time. Inline sub-workflows are blobs, their id is the blob's.
 */
export class Definitions implements WorkflowSource {
  readonly #store: VersionStore;
  readonly #blobs: BlobStore;
  readonly #parsed = new Map<string, WorkflowDefinition>();
  readonly #lookedUp: (hit: boolean) => void;

  /** `lookedUp` hears of every look-up whether its definition was held parsed; for the metrics. */
  constructor(store: VersionStore, blobs: BlobStore, lookedUp: (hit: boolean) => void = () => {}) {
    this.#store = store;
    this.#blobs = blobs;
    this.#lookedUp = lookedUp;
  }

  async load(
    workflowId: string,
    version?: number,
  ): Promise<{ definition: WorkflowDefinition; version: number } | undefined> {
    if (version !== undefined) {
      const held = this.#parsed.get(`${workflowId}@${version}`);
      if (held) {
        this.#lookedUp(true);
        return { definition: held, version };
      }
    }
    if (workflowId.startsWith(INLINE)) return this.#loadInline(workflowId);
    const found = await this.#store.version(workflowId, version);
    if (!found) return undefined;
    return { definition: this.#remember(workflowId, found.version, found.source), version: found.version };
  }

  async saveInline(json: JsonObject): Promise<{ definition: WorkflowDefinition; version: number }> {
    const id = INLINE + (await this.#blobs.put(new TextEncoder().encode(JSON.stringify(json))));
    return { definition: this.#remember(id, 1, json), version: 1 };
  }

  staticData(workflowId: string): Promise<Record<string, JsonObject>> {
    return this.#store.staticData(workflowId);
  }

  async #loadInline(id: string): Promise<{ definition: WorkflowDefinition; version: number } | undefined> {
    const bytes = await this.#blobs.get(id.slice(INLINE.length));
    if (!bytes) return undefined;
    const json = JSON.parse(new TextDecoder().decode(bytes)) as JsonObject; // written by saveInline, parsed again below
    return { definition: this.#remember(id, 1, json), version: 1 };
  }

  #remember(id: string, version: number, source: JsonObject): WorkflowDefinition {
    const key = `${id}@${version}`;
    const held = this.#parsed.get(key);
    this.#lookedUp(held !== undefined);
    if (held) return held;
    const definition = parseWorkflow(source, { id });
    if (this.#parsed.size >= DEFINITIONS_HELD) {
      const oldest = this.#parsed.keys().next().value;
      if (oldest !== undefined) this.#parsed.delete(oldest);
    }
    this.#parsed.set(key, definition);
    return definition;
  }
}
