import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCENARIOS } from './scenarios.ts';
import { ClusterSite } from './site.ts';
import { type Report, Theatre, type TheatreOptions } from './stage.ts';

export interface PlayOptions extends TheatreOptions {
  readonly scenarios: readonly string[];
  /** File to which each report is added as a line of JSON. */
  readonly record?: string;
  /** Members, and what they have in their environment beside the usual. */
  readonly members?: number;
  readonly env?: Record<string, string>;
}

/** Opens a site, plays the scenarios in their order, stops everything, and answers a report for each, and one for the end. */
export async function play(options: PlayOptions): Promise<Report[]> {
  const { scenarios, say, seed, record, members, env } = options;
  const site = await ClusterSite.open(members, env);
  const reports: Report[] = [];
  const keep = (report: Report): void => {
    reports.push(report);
    if (record === undefined) return;
    mkdirSync(join(record, '..'), { recursive: true });
    appendFileSync(record, `${JSON.stringify({ at: new Date().toISOString(), scale: options.scale, ...report })}\n`);
  };
  try {
    const theatre = await Theatre.open(site, options);
    try {
      for (const name of scenarios) {
        const scenario = SCENARIOS.get(name);
        if (scenario !== undefined) keep(await theatre.play(scenario));
      }
      const faults = await site.stopMembers();
      if (faults.length > 0) say(`last words of the members: ${site.lastWords()}`);
      keep({ scenario: 'stop', seed, faults, figures: {} });
    } finally {
      await theatre.close();
    }
  } finally {
    await site.remove();
  }
  return reports;
}
