import { apiKeySchema, type ModuleDraft } from './add.js';
import { accountSettingsSchema } from './settings.js';
import {
  announceStep,
  askChoice,
  askSecret,
  askText,
  askYesNo,
  explain,
  WizardCancelledError,
  type WizardScreen,
} from './wizard-questions.js';
import { askParameters } from './wizard-parameters.js';

/** Where a Namecheap account is opened. */
const SIGN_UP = {
  production: 'https://www.namecheap.com/myaccount/signup/',
  sandbox: 'https://www.sandbox.namecheap.com/myaccount/signup/',
} as const;

export type WizardAnswers = Omit<ModuleDraft, 'name'>;

const fields = accountSettingsSchema.shape;

/**
 * Asks for a processing module in BILLmanager's four steps: product type, processing module, connection settings,
 * module parameters. Each answer is checked at once; nothing is stored.
 * @param given answers known already: they stand in the lines and may be edited
 * @throws WizardCancelledError when the person leaves it, or the input ends.
 */
export async function runWizard(screen: WizardScreen, given: Partial<WizardAnswers>): Promise<WizardAnswers> {
  const ended = new AbortController();
  const onEnd = () => ended.abort();
  screen.input.once('end', onEnd).once('close', onEnd);
  const guarded = { ...screen, signal: AbortSignal.any([screen.signal, ended.signal]) };
  try {
    return await askAll(guarded, given);
  } finally {
    screen.input.off('end', onEnd).off('close', onEnd);
  }
}

async function askAll(screen: WizardScreen, given: Partial<WizardAnswers>): Promise<WizardAnswers> {
  announceStep(screen, 'Step 1 of 4: product type');
  await askChoice(screen, 'Product type', { certificate: 'SSL certificates' });
  announceStep(screen, 'Step 2 of 4: processing module');
  await askChoice(screen, 'Processing module', { pmnamecheap: 'Namecheap' });
  announceStep(screen, 'Step 3 of 4: connection settings');
  const connection = await askConnection(screen, given);
  announceStep(screen, 'Step 4 of 4: module parameters');
  return { ...connection, parameters: await askParameters(screen, given.parameters) };
}

async function askConnection(
  screen: WizardScreen,
  given: Partial<WizardAnswers>,
): Promise<Omit<WizardAnswers, 'parameters'>> {
  const way = await askChoice(screen, 'Namecheap account', {
    existing: 'Use an existing Namecheap account',
    new: 'Open a new account',
  });
  const chosen = way === 'new' ? await guideToAccount(screen, given.sandbox ?? false) : null;
  const username = await askText(screen, {
    message: 'Username',
    initial: given.username,
    schema: fields.username,
  });
  const apiUser = await askText(screen, {
    message: 'API user',
    initial: given.apiUser ?? username,
    schema: fields.apiUser,
  });
  const apiKey = await askSecret(screen, 'API key', apiKeySchema);
  const clientIp = await askText(screen, {
    message: 'BILLmanager IP (the IPv4 address that the workers call from)',
    initial: given.clientIp,
    schema: fields.clientIp,
  });
  const sandbox = chosen ?? (await askYesNo(screen, 'Sandbox', given.sandbox ?? false));
  return { username, apiUser, apiKey, clientIp, sandbox, endpoint: given.endpoint ?? null };
}

/** Where to register and what to switch on there. @returns whether it is a sandbox account. */
async function guideToAccount(screen: WizardScreen, initial: boolean): Promise<boolean> {
  const isSandbox = await askYesNo(
    screen,
    'Sandbox (an account for trying out, without real money)',
    initial,
  );
  explain(screen, [
    `Register: ${isSandbox ? SIGN_UP.sandbox : SIGN_UP.production}`,
    'Then, in that account, under Profile > Tools > API Access:',
    '  1. switch API access on;',
    '  2. add the IPv4 address that the workers call from to the allow-list;',
    '  3. copy the API key.',
  ]);
  const next = await askChoice(screen, 'When this is done', {
    settings: 'Go on to the connection settings',
    stop: 'Stop here and run module add again later',
  });
  if (next === 'stop') throw new WizardCancelledError();
  return isSandbox;
}
