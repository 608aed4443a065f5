import type { Services } from './services.ts';

/** Where a member is reached that nobody told: this machine, the default port. */
const DEFAULT_URL = 'http://localhost:5678';

/** Address under which people and callers reach this member, without a slash at its end. */
export function publicUrl({ publicUrl: told }: Pick<Services, 'publicUrl'>): string {
  return told?.() ?? DEFAULT_URL;
}
