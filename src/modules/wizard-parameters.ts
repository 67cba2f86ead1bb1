import { z } from 'zod';
import type { ModuleDraft } from './add.js';
import { moduleParametersSchema } from './settings.js';
import { askText, askYesNo, type WizardScreen } from './wizard-questions.js';

type Parameters = NonNullable<ModuleDraft['parameters']>;

const limitsText = z
  .string()
  .regex(
    /^\d{1,7} *, *\d{1,7} *, *\d{1,7}$/,
    'give three whole numbers, for example 20,700,8000; 0 switches one off',
  );

const countText = z.string().regex(/^([1-9]\d{0,6})?$/, 'give a whole number from 1 on, or leave it empty');

const amountText = z
  .string()
  .regex(/^(\d{1,9}(\.\d{1,4})?)?$/, 'give an amount such as 250 or 99.50, or leave it empty');

/** Step 4: the limits of the account and the brakes on spending. An empty line means none. */
export async function askParameters(screen: WizardScreen, given: Parameters = {}): Promise<Parameters> {
  const known = moduleParametersSchema.parse(given);
  const { limits, maxPurchasesPerHour, maxSpendPerDay, lowBalance } = known;
  const calls = await askText(screen, {
    message: 'API calls per minute, hour and day',
    initial: limits.join(','),
    schema: limitsText,
  });
  const purchases = await askText(screen, {
    message: 'Purchases per hour at most (empty: no limit)',
    initial: maxPurchasesPerHour?.toString(),
    schema: countText,
  });
  const spend = await askText(screen, {
    message: 'Spending per day at most, USD (empty: no limit)',
    initial: maxSpendPerDay ?? undefined,
    schema: amountText,
  });
  const low = await askText(screen, {
    message: 'Warn when the balance falls below, USD (empty: never)',
    initial: lowBalance ?? undefined,
    schema: amountText,
  });
  const sharedBalance = await askYesNo(
    screen,
    'Does anything else (domains, people) spend from this balance? Then the audit cannot judge it',
    known.sharedBalance,
  );
  const [minute = 0, hour = 0, day = 0] = calls.split(',').map(Number);
  return {
    limits: [minute, hour, day],
    maxPurchasesPerHour: purchases === '' ? null : Number(purchases),
    maxSpendPerDay: spend === '' ? null : spend,
    lowBalance: low === '' ? null : low,
    sharedBalance,
  };
}
