import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDifference, FragileStages, tell, type Fault } from './fragile-play.js';
import { choosePoints, tellRounds } from './redis-points.js';
import { serverBinary, type ServerOptions } from './redis-server.js';
import { namesStory, orderStory, reissueStory, RenewStory } from './stories.js';

const NO_FAULT: Fault = { strike: () => Promise.resolve(), mend: () => Promise.resolve() };

/** Stories that take fewer commands than this have not been told. */
const FEWEST_COMMANDS = 25;

/**
 * Order, renewal, reissue and names, each with each fault at many commands or at every one (FAULT_ROUNDS=all): all of them
 * end as if nothing had been.
 */
export function enumerateFaults(
  title: string,
  faults: Readonly<Record<string, Fault>>,
  options: ServerOptions & { bounded?: number } = {},
): void {
  describe.skipIf(serverBinary === null).each([orderStory, new RenewStory(), namesStory, reissueStory])(
    `${title} during $name (needs redis-server or valkey-server on PATH)`,
    (story) => {
      const stages = new FragileStages(story, options);
      let total = 0;
      beforeAll(async () => {
        // The first story of an account takes a few commands more than those that follow.
        for (let undisturbed = 0; undisturbed < 2; undisturbed++) {
          const telling = await tell(await stages.next(), story, null, NO_FAULT);
          expect(describeDifference(telling, story, null)).toBeNull();
          total = telling.commands.length;
        }
      }, 60_000);
      afterAll(() => stages[Symbol.asyncDispose]());

      it.each(Object.entries(faults))(
        '%s: nothing is lost, everything is bought once',
        { timeout: 900_000 },
        async (name, fault) => {
          expect(total).toBeGreaterThan(FEWEST_COMMANDS);
          const different: (string | null)[] = [];
          const points = choosePoints(total, options.bounded);
          for (const point of points) {
            const telling = await tell(await stages.next(), story, point, fault);
            expect(telling.hasStruck).toBe(true);
            different.push(describeDifference(telling, story, point));
          }
          expect(different.filter((one) => one !== null)).toEqual([]);
          tellRounds(`${story.name}, ${name}`, points.length);
        },
      );
    },
  );
}
