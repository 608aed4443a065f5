import type { Log } from '../log.ts';
import type { Postmaster } from './postmaster.ts';

/** A server that is started again whenever it ends by itself, until `stop`. */
export interface KeptServer {
  current(): Postmaster;
  /** Resolves when no server runs any more, also one that was just being started again. Idempotent. */
  stop(): Promise<void>;
  onExit(callback: (reason: string) => void): void;
  onRestart(callback: () => void): void;
}

/** `again` starts the next server; it answers undefined when `stopped` told it to give up. */
export function keepRunning(
  first: Postmaster,
  again: (stopped: () => boolean) => Promise<Postmaster | undefined>,
  log: Log,
): KeptServer {
  let current = first;
  let stopping: Promise<void> | undefined;
  const exits: ((reason: string) => void)[] = [];
  const restarts: (() => void)[] = [];

  const { promise: halted, resolve: halt } = Promise.withResolvers<string>();

  const watch = async (): Promise<void> => {
    for (;;) {
      // Whoever stops a server knows of its end; a stop during a restart must not wait for the end of the next one.
      const reason = await Promise.race([current.exited, halted]);
      if (stopping) return;
      log.error({ pid: current.pid, reason }, 'PostgreSQL ended by itself; starting it again');
      for (const callback of exits) callback(reason);
      const next = await again(() => stopping !== undefined);
      if (!next) return;
      current = next;
      log.info({ pid: current.pid }, 'PostgreSQL runs again');
      for (const callback of restarts) callback();
    }
  };
  const watching = watch();

  const stop = async (): Promise<void> => {
    halt('stopped');
    await current.stop();
    await watching;
    // A restart may have been under way when stop was called.
    await current.stop();
  };
  return {
    current: () => current,
    stop: () => (stopping ??= stop()),
    onExit: (callback) => void exits.push(callback),
    onRestart: (callback) => void restarts.push(callback),
  };
}
