import { SIGNAL_REPEAT_MS } from './limits.ts';
import type { Terminal } from './terminal.ts';

/** Exit code after a stop that was not waited for. */
const IMPATIENT_EXIT_CODE = 130;

/**
 * Calls `stop` at the first signal. A terminal and npm both pass a Ctrl-C on, so a second signal within
 * SIGNAL_REPEAT_MS is the same keystroke; one after that means "now" and ends the process. Returns unsubscribe.
 */
export function stopOnSignal(terminal: Terminal, stop: (signal: string) => void): () => void {
  let since: number | undefined;
  return terminal.onSignal((signal) => {
    const now = terminal.monotonic();
    if (since === undefined) {
      since = now;
      stop(signal);
    } else if (now - since > SIGNAL_REPEAT_MS) {
      terminal.exitNow(IMPATIENT_EXIT_CODE);
    }
  });
}
