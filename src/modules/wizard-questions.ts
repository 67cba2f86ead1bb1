import type { Readable, Writable } from 'node:stream';
import { confirm, isCancel, log, password, select, text, type CANCEL_SYMBOL } from '@clack/prompts';
import type { z } from 'zod';
import { PmnamecheapError } from '../errors.js';

/** Where the wizard asks, and what stops it. */
export interface WizardScreen {
  input: Readable;
  output: Writable;
  signal: AbortSignal;
}

/** The person left the wizard. */
export class WizardCancelledError extends PmnamecheapError {
  constructor() {
    super('The wizard was left: nothing was changed', { code: 'ERR_CANCELLED', verdict: 'fail' });
  }
}

export interface TextQuestion {
  message: string;
  /** Stands in the line already and may be edited. */
  initial?: string | undefined;
  schema: z.ZodType<unknown, string>;
}

/** The first fault of an answer, as the prompt shows it under the line. */
function judge(schema: z.ZodType<unknown, string>) {
  return (answer: string | undefined): string | undefined =>
    schema.safeParse(answer ?? '').error?.issues[0]?.message;
}

/** A line of text, trimmed. @throws WizardCancelledError */
export async function askText(
  screen: WizardScreen,
  { message, initial, schema }: TextQuestion,
): Promise<string> {
  const prefilled = initial === undefined ? {} : { initialValue: initial };
  const trimmed = (answer: string | undefined) => judge(schema)(answer?.trim());
  return demand(await text({ ...forOnePrompt(screen), message, validate: trimmed, ...prefilled })).trim();
}

/** A line that is shown as dots. @throws WizardCancelledError */
export async function askSecret(
  screen: WizardScreen,
  message: string,
  schema: z.ZodType<unknown, string>,
): Promise<string> {
  return demand(await password({ ...forOnePrompt(screen), message, validate: judge(schema) })).trim();
}

/** One of several. @throws WizardCancelledError */
export async function askChoice<T extends string>(
  screen: WizardScreen,
  message: string,
  labels: Readonly<Record<T, string>>,
): Promise<T> {
  // Object.keys forgets the keys' type; `labels` is a literal of the wizard.
  const values = Object.keys(labels) as T[];
  const chosen = await select<string>({
    ...forOnePrompt(screen),
    message,
    options: values.map((value) => ({ value, label: labels[value] })),
  });
  const answer = demand(chosen);
  const known = values.find((value) => value === answer);
  if (known === undefined) throw new Error(`The prompt answered ${answer}, which was not offered`);
  return known;
}

/** @throws WizardCancelledError */
export async function askYesNo(screen: WizardScreen, message: string, initial: boolean): Promise<boolean> {
  return demand(await confirm({ ...forOnePrompt(screen), message, initialValue: initial }));
}

/** A heading. */
export function announceStep(screen: WizardScreen, message: string): void {
  log.step(message, { output: screen.output });
}

/** Plain lines between questions. */
export function explain(screen: WizardScreen, lines: readonly string[]): void {
  log.message([...lines], { output: screen.output });
}

/** Each prompt leaves a listener on its signal: a dozen on one signal would bring Node's warning of a leak. */
function forOnePrompt({ input, output, signal }: WizardScreen): WizardScreen {
  return { input, output, signal: AbortSignal.any([signal]) };
}

function demand<T>(answer: T | typeof CANCEL_SYMBOL): T {
  if (isCancel(answer)) throw new WizardCancelledError();
  return answer;
}
