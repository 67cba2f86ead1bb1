import { CronExpressionParser } from 'cron-parser';
import { z } from 'zod';

const REMEDY =
  'give five cron fields (minute hour day month weekday), or six with seconds first, such as "*/15 * * * *"';

function isPattern(text: string): boolean {
  // The parser takes an empty text for "every minute" and four fields for five: count them first.
  const fields = text.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) return false;
  // H is another moment each time it is read: every worker would plan a run of its own.
  if (/\bH\b/i.test(text)) return false;
  try {
    CronExpressionParser.parse(text, { tz: 'UTC' }).next();
    return true;
  } catch {
    return false;
  }
}

/** A cron pattern of five fields, or six with seconds first; it must match some moment. */
export const cronPattern = z
  .string()
  .transform((text) => text.trim().replace(/\s+/g, ' '))
  .refine(isPattern, REMEDY);
