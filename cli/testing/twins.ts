import type { RunHandle, RunReport, StartRequest } from '#actors';
import type { JournalEvent, NodeCatalog, NodeType, ParkedEvent } from '#runtime';
import type { ParkedMessage } from '#transport';
import { canonicalNodeType, type JsonObject, type NodeDefinition, parseWorkflow } from '#workflow';
import type { Config } from '../config.ts';
import type { CliPorts, Member, MemberOptions } from '../ports.ts';
import type { Terminal } from '../terminal.ts';

/** A terminal that keeps what is written to it, and whose signals and time are given by the test. */
export class TwinTerminal implements Terminal {
  readonly env: Record<string, string | undefined> = {};
  watched = false;
  stdout = '';
  stderr = '';
  input = '';
  now = 0;
  exited: number | undefined;
  readonly #listeners = new Set<(signal: string) => void>();
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  out(text: string): void {
    this.stdout += text;
  }
  say(text: string): void {
    this.stderr += text;
  }
  onSignal(callback: (signal: string) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
  monotonic(): number {
    return this.now;
  }
  readInput(): Promise<string> {
    return Promise.resolve(this.input);
  }
  exitNow(code: number): void {
    this.exited = code;
  }
  exitWithin(ms: number, code: number): void {
    this.after(ms, () => this.exitNow(code));
  }
  signal(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }
  get listening(): number {
    return this.#listeners.size;
  }
  get timers(): number {
    return this.#timers.size;
  }
  advance(ms: number): void {
    this.now += ms;
    for (const timer of this.#timers) {
      if (timer.at > this.now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** Types of the twin catalogue: short names, and whether they start workflows. */
const TYPES: readonly (readonly [string, boolean])[] = [
  ['manualTrigger', true],
  ['webhook', true],
  ['noOp', false],
];

const nodeTypes: readonly NodeType[] = TYPES.map(([name, trigger]) => ({
  type: canonicalNodeType(name),
  displayName: name,
  description: name,
  group: trigger ? 'trigger' : 'data',
  versions: [1],
  properties: [],
  facts: () => ({
    type: canonicalNodeType(name),
    trigger,
    inputs: trigger ? 0 : 1,
    outputs: 1,
    requiredInputs: 'any',
    effect: 'none',
  }),
  execute: () => ({ kind: 'outputs', outputs: [[]] }),
}));

export const twinCatalog: NodeCatalog = {
  find: (type, version) => nodeTypes.find((known) => known.type === type && known.versions.includes(version)),
  facts: (node: NodeDefinition) => twinCatalog.find(node.type, node.typeVersion)?.facts(node),
  all: () => nodeTypes,
};

/** How a run of the twin engine ends, by the name of its workflow. `never`: only by cancel. */
export type Ending = Partial<RunReport> | 'never';

/** Ports whose member performs nothing: runs end as `endings` says, success when it says nothing. */
export class TwinPorts implements CliPorts {
  readonly catalog = twinCatalog;
  readonly started: { options: MemberOptions; requests: StartRequest[]; stops: number }[] = [];
  readonly canceled: string[] = [];
  readonly saved: JsonObject[] = [];
  readonly users: { email: string; password?: string; role: string }[] = [];
  readonly keys: { label: string; email?: string }[] = [];
  booksStopped = 0;
  parkedEvents: ParkedEvent[] = [];
  eventsStopped = 0;
  parkedMessages: ParkedMessage[] = [];
  parkingClosed = 0;
  firstStart: Member['firstStart'];
  endings: Record<string, Ending> = {};
  #watchers = new Set<(executionId: string, events: readonly JournalEvent[]) => void>();
  #cancels = new Map<string, (reason: string) => void>();

  openBooks(_config: Config): ReturnType<CliPorts['openBooks']> {
    return Promise.resolve({ ...this.#books(), stop: async () => void (this.booksStopped += 1) });
  }

  openEvents(_config: Config): ReturnType<CliPorts['openEvents']> {
    return Promise.resolve({
      parked: (group, limit) =>
        Promise.resolve(this.parkedEvents.filter((each) => each.group === group).slice(0, limit)),
      replay: (group, ids) => {
        const before = this.parkedEvents.length;
        const back = (each: ParkedEvent): boolean =>
          each.group === group && (ids === undefined || ids.includes(each.event.id));
        this.parkedEvents = this.parkedEvents.filter((each) => !back(each));
        return Promise.resolve(before - this.parkedEvents.length);
      },
      stop: async () => void (this.eventsStopped += 1),
    });
  }

  /** Messages that have a reason cannot be given back. */
  openParking(_config: Config): ReturnType<CliPorts['openParking']> {
    const take = (ids: readonly string[] | undefined, goes: (each: ParkedMessage) => boolean): number => {
      const before = this.parkedMessages.length;
      const named = (each: ParkedMessage): boolean => ids === undefined || ids.includes(each.id);
      this.parkedMessages = this.parkedMessages.filter((each) => !named(each) || !goes(each));
      return before - this.parkedMessages.length;
    };
    return Promise.resolve({
      look: async (limit) => this.parkedMessages.slice(0, limit),
      replay: async (ids) => {
        const replayed = take(ids, ({ why }) => why === undefined);
        return { replayed, kept: ids === undefined ? this.parkedMessages.length : 0 };
      },
      purge: async (ids) => take(ids, () => true),
      close: async () => void (this.parkingClosed += 1),
    });
  }

  startMember(options: MemberOptions): Promise<Member> {
    const record = { options, requests: [] as StartRequest[], stops: 0 };
    this.started.push(record);
    return Promise.resolve({
      ...this.#books(),
      events: { subscribe: async () => ({ close: async () => {} }) },
      engine: {
        start: (request) => this.#start(request, record.requests),
        cancel: (id, reason) => {
          this.canceled.push(`${id}: ${reason}`);
          this.#cancels.get(id)?.(reason);
          return Promise.resolve('canceled' as const);
        },
        resume: () => Promise.resolve({ kind: 'unknown' as const }),
        inspect: () => Promise.resolve(undefined),
        state: () => Promise.resolve(undefined),
        trees: () => Promise.resolve([]),
        tree: () => [],
        breakers: () => [],
      },
      ...(options.http ? { address: `http://${options.config.host}:${options.config.port}` } : {}),
      ...(this.firstStart === undefined ? {} : { firstStart: this.firstStart }),
      watch: (listener) => {
        this.#watchers.add(listener);
        return () => this.#watchers.delete(listener);
      },
      stop: async () => void (record.stops += 1),
    });
  }

  #books(): Pick<Member, 'workflows' | 'accounts'> {
    return {
      workflows: {
        save: (json) => {
          const created = !this.saved.some((known) => known['id'] !== undefined && known['id'] === json['id']);
          this.saved.push(json);
          const { id, name } = parseWorkflow(json);
          return Promise.resolve({
            id: id === '' ? `w${this.saved.length}` : id,
            name,
            version: created ? 1 : 2,
            created,
          });
        },
        find: (id) => Promise.resolve(this.saved.find((json) => json['id'] === id)),
        all: () => Promise.resolve([...this.saved]),
      },
      accounts: {
        createUser: (user) => {
          this.users.push(user);
          const generated = user.password === undefined ? { password: 'generated' } : {};
          return Promise.resolve({ id: 'u1', email: user.email, ...generated });
        },
        createApiKey: (key) => {
          this.keys.push(key);
          return Promise.resolve({ id: 'k1', key: 'the-key' });
        },
      },
    };
  }

  #start(request: StartRequest, requests: StartRequest[]): RunHandle {
    requests.push(request);
    const executionId = String(requests.length);
    const { promise: ended, resolve } = Promise.withResolvers<RunReport>();
    const end = (change: Partial<RunReport>): void => resolve({ ...reportOf(executionId, request), ...change });
    this.#cancels.set(executionId, () => end({ status: 'canceled' }));
    const ending = this.endings[request.workflow.name] ?? {};
    setImmediate(() => {
      this.#tell(executionId, request, ending);
      if (ending !== 'never') end(ending);
    });
    const accepted = Promise.resolve({ executionId, duplicate: false });
    return { executionId, accepted, responded: Promise.resolve(undefined), ended };
  }

  #tell(executionId: string, { trigger }: StartRequest, ending: Ending): void {
    const at = 0;
    const events: JournalEvent[] = [
      { seq: 1, event: { type: 'execution.started', at, mode: 'cli', trigger, items: [] } },
      { seq: 2, event: { type: 'node.finished', at, node: trigger, run: 0, outputs: [[{ json: {} }]] } },
    ];
    if (ending !== 'never') events.push({ seq: 3, event: { type: 'execution.finished', at } });
    for (const watcher of this.#watchers) watcher(executionId, events);
  }
}

function reportOf(executionId: string, { workflow, workflowVersion, trigger, items }: StartRequest): RunReport {
  const run = {
    startTime: 1_000,
    executionTime: 5,
    executionIndex: 0,
    status: 'success' as const,
    source: [],
    outputs: [items],
  };
  return {
    executionId,
    workflowId: workflow.id,
    workflowVersion,
    mode: 'cli',
    status: 'success',
    startedAt: 1_000,
    stoppedAt: 1_005,
    lastNodeExecuted: trigger,
    runData: new Map([[trigger, [run]]]),
  };
}
