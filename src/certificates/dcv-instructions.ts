import type { DcvChoice, ValidationInstruction } from '../namecheap/api.js';

/** What a validation by mail waits for. */
export function readMails(choices: readonly DcvChoice[]): ValidationInstruction[] {
  return choices.map(({ domain, approverEmail = '' }) => ({ domain, method: 'email', approverEmail }));
}

/** What was told now, else what was told before for the same method: with several names Namecheap tells one record only. */
export function mergeInstructions(
  choices: readonly DcvChoice[],
  told: readonly ValidationInstruction[],
  known: readonly ValidationInstruction[],
): ValidationInstruction[] {
  const find = ({ domain, method }: DcvChoice, among: readonly ValidationInstruction[]) =>
    among.find((one) => one.domain === domain && one.method === method);
  const own = choices.flatMap((choice) => find(choice, told) ?? find(choice, known) ?? []);
  const others = told.filter(({ domain }) => !choices.some((choice) => choice.domain === domain));
  return [...own, ...others];
}

/** What Namecheap did not set or did not tell, with what to do; null when all is told. */
export function describeGaps(
  choices: readonly DcvChoice[],
  validation: readonly ValidationInstruction[],
  missed: readonly string[],
): string | null {
  const untold = choices
    .map(({ domain }) => domain)
    .filter((domain) => !validation.some((one) => one.domain === domain));
  const sentences = [
    ...(missed.length > 0
      ? [
          `Namecheap did not set the validation method of ${missed.join(', ')}: the former one stays. Choose another one with a dcv job.`,
        ]
      : []),
    ...(untold.length > 0
      ? [
          `Namecheap did not tell what to publish for ${untold.join(', ')}: it stands in the account at Namecheap, or choose http or email with a dcv job.`,
        ]
      : []),
  ];
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** For the history. */
export function describeChoices(choices: readonly DcvChoice[]): string {
  return choices
    .map(({ domain, method, approverEmail }) => `${domain} by ${approverEmail ?? method}`)
    .join(', ');
}
