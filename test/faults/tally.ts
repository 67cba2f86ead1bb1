import { readPosition, type Played } from './play-schedule.js';

/** Counts of many schedules, for the tables. Plain data: it travels between processes. */
export interface Tally {
  schedules: number;
  calls: number;
  themes: Record<string, number>;
  faults: Record<string, number>;
  /** Calls at which a process died. */
  deaths: Record<string, number>;
  violations: string[];
}

export function createTally(): Tally {
  return { schedules: 0, calls: 0, themes: {}, faults: {}, deaths: {}, violations: [] };
}

export function addPlayed(tally: Tally, played: Played): void {
  tally.schedules++;
  tally.calls += played.calls;
  count(tally.themes, played.schedule.theme);
  for (const { fault, call } of played.struck) {
    count(tally.faults, fault);
    if (fault.startsWith('process death')) count(tally.deaths, call);
  }
  if (played.violations.length > 0) tally.violations.push(describePlayed(played));
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** What is needed to see a violation again, and what was violated. */
export function describePlayed({ schedule, violations }: Played): string {
  return [
    `seed ${readPosition(schedule)}`,
    ...violations.map((one) => `  ${one}`),
    `  schedule ${JSON.stringify(schedule)}`,
  ].join('\n');
}
