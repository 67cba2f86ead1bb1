/** How long a certificate may live that is issued from a day on. */
export interface ValidityRule {
  /** First day of issue, UTC. */
  from: string;
  days: number;
  source: string;
}

/**
 * The longest life of a new certificate, earliest rule first. CA/Browser Forum ballot SC-081v3 (April 2025) allows 200,
 * 100 and 47 days; CAs stay below it, because a day more by their clock would be a misissued certificate.
 */
export const MAX_VALIDITY: readonly [ValidityRule, ...ValidityRule[]] = [
  {
    from: '2026-03-15',
    days: 198,
    source: 'SC-081v3 allows 200 days; SSL.com, whose certificates Namecheap sells, issues 198',
  },
  { from: '2027-03-15', days: 99, source: 'SC-081v3 allows 100 days; a day of margin' },
  { from: '2029-03-15', days: 46, source: 'SC-081v3 allows 47 days; a day of margin' },
];

const STEPS = MAX_VALIDITY.map(({ from, days }) => ({ startsAt: Date.parse(from), days }));

/** The longest life in days of a certificate that is issued then, ms; before the first rule, the first rule's. */
export function findMaxValidityDays(issuedAt: number): number {
  const step = STEPS.findLast(({ startsAt }) => startsAt <= issuedAt);
  return (step ?? MAX_VALIDITY[0]).days;
}
