import { pino, type Logger } from 'pino';
import type { MemberOptions } from '#cli';
import type { Phase, PhaseReport } from '#supervisors';

/** Time a phase has to stop; one that overruns is reported and given up on. */
export const STOP_MS = 10_000;

export function phase(name: string, start: Phase['start'], stop: Phase['stop'], stopDeadlineMs = STOP_MS): Phase {
  return { name, start, stop, stopDeadlineMs };
}

export function logStop(log: Logger, { name, ms, result, error }: PhaseReport): void {
  if (result === 'stopped') log.debug({ phase: name, ms }, 'stopped');
  else log.warn({ phase: name, ms, result, err: error }, 'a phase did not stop as it should');
}

/** Logs go to standard error: standard output belongs to results. A command that ends by itself speaks up for errors only. */
export function logger({ config, http }: MemberOptions): Logger {
  const level = !http && config.logLevel === 'info' ? 'error' : config.logLevel;
  const redact = ['req.headers.authorization', 'req.headers["x-n8n-api-key"]'];
  return pino({ level, redact, base: { member: config.memberName } }, pino.destination(2));
}
