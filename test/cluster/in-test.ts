import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SCENARIOS } from './scenarios.ts';
import { ClusterSite } from './site.ts';
import { Theatre } from './stage.ts';

/** One seed in CI, so that a failure is the same again; other seeds by command: `npm run faults`. */
const SEED = 20_261_122;
const OPEN_MS_MOST = 150_000;
const CLOSE_MS_MOST = 60_000;

/** A test for each scenario, all on one site, in this order; and one for the orderly end of it. */
export function playInTest(title: string, ...names: readonly string[]): void {
  describe(title, () => {
    let site: ClusterSite;
    let theatre: Theatre;
    const said: string[] = [];
    before(
      async () => {
        site = await ClusterSite.open();
        theatre = await Theatre.open(site, { seed: SEED, scale: 'short', say: (line) => void said.push(line) });
      },
      { timeout: OPEN_MS_MOST },
    );
    after(
      async () => {
        await theatre?.close();
        await site?.remove();
      },
      { timeout: CLOSE_MS_MOST },
    );

    for (const name of names) {
      const scenario = SCENARIOS.get(name);
      assert.ok(scenario, `there is no scenario ${name}`);
      test(scenario.about, async (context) => {
        const { faults, figures } = await theatre.play(scenario);
        context.diagnostic(`${name}: ${JSON.stringify(figures)}`);
        const about = faults.length === 0 ? '' : said.splice(0).join('\n');
        assert.deepEqual(faults, [], `${about}\nrepeat it: npm run faults -- ${name} --short --seed ${SEED}`);
      });
    }

    test('after all, every member stops in order', async () => {
      assert.deepEqual(await site.stopMembers(), [], site.lastWords());
    });
  });
}
