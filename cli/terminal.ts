import process from 'node:process';

/** The screen and the signals, so that commands can be tested without a process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results: what a program that called us reads. */
  out(text: string): void;
  /** Progress and complaints: what a person reads. */
  say(text: string): void;
  /** True when `say` is read by a person now. */
  readonly watched: boolean;
  /** Calls back on SIGINT and SIGTERM. Returns the function that stops listening. */
  onSignal(callback: (signal: string) => void): () => void;
  /** Calls back after `ms`; returns the cancel function. */
  after(ms: number, callback: () => void): () => void;
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Everything that can be read from standard input. */
  readInput(): Promise<string>;
  /** Ends the process at once, when a person asks a second time. */
  exitNow(code: number): void;
  /** Ends the process after `ms`, unless it has ended by itself until then; does not hold it itself. */
  exitWithin(ms: number, code: number): void;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    watched: process.stderr.isTTY === true,
    onSignal: (callback) => {
      process.on('SIGINT', callback);
      process.on('SIGTERM', callback);
      return () => {
        process.off('SIGINT', callback);
        process.off('SIGTERM', callback);
      };
    },
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    monotonic: () => performance.now(),
    readInput: async () => {
      let text = '';
      for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
      return text;
    },
    exitNow: (code) => process.exit(code),
    exitWithin: (ms, code) => void setTimeout(() => process.exit(code), ms).unref(),
  };
}
