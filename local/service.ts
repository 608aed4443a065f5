/** A service that runs for us alone, on this machine: it may be killed at any time, and started again as it was. */
export interface LocalService {
  /** As the environment variable of this service takes it. The same after every restart. */
  readonly url: string;
  /**
   * Sends a signal to the whole service; resolves when it is gone, or at once for SIGSTOP and SIGCONT. Its data stay.
   * The embedded PostgreSQL starts again by itself.
   */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same address and data, after an orderly stop if it still runs. */
  restart(): Promise<void>;
  /** Ends it for good. Its folder is the caller's to remove. */
  stop(): Promise<void>;
  /** The end of what it wrote, for messages. */
  lastWords(): string;
}
