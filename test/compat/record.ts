import { readFileSync } from 'node:fs';
import type { Item, JsonObject, JsonValue } from '#workflow';

/** What an item, an output, a run and a node's runs look like in a record; markers such as `$matcher` included. */
export type ExpectedRuns = Readonly<Record<string, readonly (readonly (readonly unknown[])[] | null)[]>>;

/** One execution of a workflow as a record tells it. */
export interface ExpectedExecution {
  readonly expected: ExpectedRuns;
  readonly expectedOrder?: readonly string[];
  readonly expectedStatus: string;
  readonly expectedError?: string;
}

/** How much of the run data is compared. */
export interface CompareRule {
  readonly runs: 'exact' | 'any';
  readonly outputs: 'first' | 'all';
  readonly itemKeys: 'all' | 'json';
  readonly ignore: readonly string[];
  readonly binary: boolean;
}

/** One HTTP call to the webhook of a case. */
export interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
  readonly form?: Readonly<Record<string, string | { content: string; type: string; filename: string }>>;
  /** Milliseconds to wait before it. */
  readonly pause?: number;
}

/** How the webhook was answered. */
export interface ExpectedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer of the world outside, used once unless `persist`. */
export interface ScriptedAnswer {
  readonly base: string;
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly status: number;
  readonly body?: unknown;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly persist?: boolean;
  readonly generator?: unknown;
}

/** A case: a workflow, how it is started, and what n8n did with it. */
export interface CompatRecord extends ExpectedExecution {
  readonly id: string;
  readonly focus: string;
  readonly workflow: JsonObject;
  readonly workflows?: Readonly<Record<string, JsonObject>>;
  readonly start: {
    readonly node: string;
    readonly mode: 'manual' | 'cli' | 'trigger' | 'webhook';
    readonly items?: readonly Item[];
    readonly calls?: readonly WebhookCall[];
  };
  readonly env: { readonly now?: string | number };
  readonly aux?: Readonly<Record<string, readonly ExpectedExecution[]>>;
  readonly more?: readonly ExpectedExecution[];
  readonly compare: CompareRule;
  readonly http?: readonly ScriptedAnswer[] | { readonly stub?: string; readonly answers?: readonly ExpectedAnswer[] };
  readonly credentials?: unknown;
}

/** The records of a file, one JSON object per line. */
export function readRecords(file: string): CompatRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  // The shape is the one its README gives; a record that has another fails its own case.
  return lines.map((line) => JSON.parse(line) as CompatRecord);
}

/** Puts values in the place of `{{NAME}}` and `{{NAME:key}}` everywhere in a record. */
export function fillPlaceholders<T>(value: T, values: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value).replace(/\{\{([A-Z0-9_]+(?::[\w-]+)?)\}\}/g, (all, name: string) => {
    const filled = values.get(name);
    return filled === undefined ? all : JSON.stringify(filled).slice(1, -1);
  });
  return JSON.parse(text) as T;
}
