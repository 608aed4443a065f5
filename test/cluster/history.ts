/** One row of the journal: facts `seq` to `seq + count - 1` of a run. */
export interface JournalRow {
  readonly executionId: string;
  readonly seq: number;
  readonly count: number;
  readonly shard: number;
  readonly epoch: number;
  /** Number of the transaction that wrote it: for rows of one shard, the order in which they were written. */
  readonly transaction: number;
}

/** What a socket heard of one run. */
export interface Heard {
  readonly executionId: string;
  readonly seqs: readonly number[];
}

/** What several members did, as PostgreSQL, the sockets and the members themselves tell it at rest. */
export interface History {
  readonly rows: readonly JournalRow[];
  readonly heard: readonly Heard[];
  /** By execution that was followed by a socket: the seq of its last fact. */
  readonly lastSeqs: ReadonlyMap<string, number>;
  /** How many runs were started by each run that starts exactly one. */
  readonly children: ReadonlyMap<string, number>;
  /** What should be empty at rest: name and how many are left. */
  readonly left: Readonly<Record<string, number>>;
  /** Actors of executions that still live: member and path. */
  readonly actors: readonly string[];
  /** What should not grow: name, how many there are, and how many there may be. */
  readonly bounds: readonly (readonly [name: string, found: number, most: number])[];
}

/** Every promise about members that the history breaks, as a sentence; empty when all were kept. */
export function auditHistory(history: History): string[] {
  return [
    ...epochsNeverFall(history),
    ...olderNeverAfterNewer(history),
    ...seqsAreDense(history),
    ...socketsHearAll(history),
    ...oneChildEach(history),
    ...atRest(history),
  ];
}

function epochsNeverFall({ rows }: History): string[] {
  return byExecution(rows).flatMap(([id, own]) =>
    own.flatMap(({ epoch, seq }, index) => {
      const before = own[index - 1];
      return before === undefined || epoch >= before.epoch
        ? []
        : [`execution ${id}: the epoch falls from ${before.epoch} to ${epoch} at seq ${seq}`];
    }),
  );
}

/** The fence: once a newer owner has written anything of a shard, nobody writes under an older epoch of it. */
function olderNeverAfterNewer({ rows }: History): string[] {
  const highest = new Map<number, JournalRow>();
  return rows
    .toSorted((one, other) => one.transaction - other.transaction)
    .flatMap((row) => {
      const newest = highest.get(row.shard);
      if (newest === undefined || row.epoch >= newest.epoch) {
        highest.set(row.shard, row);
        return [];
      }
      const { executionId, epoch, shard } = row;
      return [`shard ${shard}: execution ${executionId} was written under epoch ${epoch} after epoch ${newest.epoch}`];
    });
}

function seqsAreDense({ rows }: History): string[] {
  return byExecution(rows).flatMap(([id, own]) => {
    let next = 1;
    for (const { seq, count } of own) {
      if (seq !== next) return [`execution ${id}: seq ${next} is missing or twice, seq ${seq} is there`];
      next = seq + count;
    }
    return [];
  });
}

function socketsHearAll({ heard, lastSeqs }: History): string[] {
  return heard.flatMap(({ executionId, seqs }) => {
    const wrong = seqs.findIndex((seq, index) => seq !== index + 1);
    if (wrong >= 0) return [`the socket on execution ${executionId} heard seq ${seqs[wrong]} in place ${wrong + 1}`];
    const last = lastSeqs.get(executionId);
    return seqs.length === last
      ? []
      : [`the socket on execution ${executionId} heard ${seqs.length} of ${last} events`];
  });
}

function oneChildEach({ children }: History): string[] {
  return [...children].flatMap(([id, count]) =>
    count === 1 ? [] : [`execution ${id} has ${count} sub-workflow runs`],
  );
}

function atRest({ left, actors, bounds }: History): string[] {
  const rest = Object.entries(left).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name} are left`]));
  const leaked = actors.map((actor) => `a leaked actor: ${actor}`);
  const grown = bounds.flatMap(([name, found, most]) =>
    found <= most ? [] : [`${found} ${name}, at most ${most} are needed`],
  );
  return [...rest, ...leaked, ...grown];
}

function byExecution(rows: readonly JournalRow[]): [string, JournalRow[]][] {
  return [...Map.groupBy(rows, ({ executionId }) => executionId)].map(([id, own]) => [
    id,
    own.toSorted((one, other) => one.seq - other.seq),
  ]);
}
