import { describe, expect, it } from 'vitest';
import * as controls from './controls.js';
import { playSchedule } from './play-schedule.js';
import { drawSchedule, type Theme } from './schedule.js';
import { useStand } from './stand.js';

const openStand = useStand();

/**
 * A defence, turned off, and a seed whose schedule then breaks an invariant: what is not noticed is not tested. When schedules are
 * drawn in another way, look for new seeds with `npm run faults -- --control lane --theme takeover --seeds 50`.
 */
interface Case {
  off: readonly controls.Defence[];
  theme: Theme;
  seed: number;
  breaks: RegExp;
}

const CASES: readonly Case[] = [
  { off: [controls.lane], theme: 'takeover', seed: 1, breaks: /^I9 / },
  { off: [controls.adoption], theme: 'unclear', seed: 12, breaks: /^I1 / },
  { off: [controls.settleTime], theme: 'takeover', seed: 12, breaks: /^I1 / },
  { off: [controls.fence], theme: 'takeover', seed: 80, breaks: /^I1 / },
  { off: [controls.submissionLook], theme: 'submission', seed: 5, breaks: /^I5 / },
  { off: [controls.keyUniqueness], theme: 'restored', seed: 1, breaks: /^I1 / },
  { off: [controls.versions], theme: 'takeover', seed: 28, breaks: /^events: reissued/ },
  { off: [controls.lease], theme: 'submission', seed: 3, breaks: /^I4 two workers act/ },
  { off: [controls.unclear], theme: 'unclear', seed: 1, breaks: /^I1 / },
  { off: [controls.firstContact], theme: 'unclear', seed: 13, breaks: /^I3 .* by hand/ },
  { off: [controls.lateCertificates], theme: 'late', seed: 12, breaks: /^I3 .* taken for foreign/ },
  { off: [controls.listedClaims], theme: 'mixed', seed: 38, breaks: /^I3 .* is 2 of owned/ },
  { off: [controls.lossGate], theme: 'data-loss', seed: 1, breaks: /^I10 .* on epoch:2/ },
  { off: [controls.twin], theme: 'data-loss', seed: 4, breaks: /^I1 / },
];

describe('a defence that is turned off', () => {
  it.each(CASES)(
    '$off.0.name: a schedule ($theme, seed $seed) notices',
    { timeout: 60_000 },
    async ({ off, theme, seed, breaks }) => {
      const control = controls.turnOff(...off);
      const { violations } = await playSchedule(openStand(control), drawSchedule(seed, theme));
      expect(control.texts.unused).toEqual([]);
      expect(violations.filter((one) => breaks.test(one))).not.toEqual([]);
      const withIt = await playSchedule(openStand(), drawSchedule(seed, theme));
      expect(withIt.violations).toEqual([]);
    },
  );
});
