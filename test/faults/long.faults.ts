import { it } from 'vitest';
import { DEFENCES, turnOff } from './controls.js';
import { playSchedule } from './play-schedule.js';
import { drawSchedule, THEMES } from './schedule.js';
import { useStand } from './stand.js';
import { addPlayed, createTally, describePlayed } from './tally.js';

/** One process of a long run: see run.mjs, which starts it and reads its lines. */
const openStand = useStand();
const read = (name: string): number => Number(process.env[name] ?? 1);
const FROM = read('FAULTS_FROM');
const TO = read('FAULTS_TO');
const STEP = read('FAULTS_STEP');
const theme = THEMES.find((one) => one === process.env['FAULTS_THEME']);
/** Defences that are turned off, to find seeds that notice: the run then reports violations. */
const off = (process.env['FAULTS_CONTROL'] ?? '').split('+').flatMap((name) => DEFENCES[name] ?? []);
const control = off.length === 0 ? undefined : turnOff(...off);

const REPORT_EVERY = 20;

it('plays the seeds that it was told', { timeout: 0 }, async () => {
  let tally = createTally();
  const report = () => {
    process.stdout.write(`@@${JSON.stringify(tally)}\n`);
    tally = createTally();
  };
  for (let seed = FROM; seed <= TO; seed += STEP) {
    const played = await playSchedule(openStand(control), drawSchedule(seed, theme));
    addPlayed(tally, played);
    if (FROM === TO)
      process.stdout.write([...played.trace, ...played.histories, describePlayed(played), ''].join('\n'));
    if (tally.schedules >= REPORT_EVERY || played.violations.length > 0) report();
  }
  report();
});
