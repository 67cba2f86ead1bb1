import type { Command } from 'commander';
import { findProduct, spellType } from '../../config/products.js';
import type { App } from '../app.js';
import type { LastListed, LooseCertificate, MarkAnswer, StockRow } from '../certificates/decision-ports.js';
import { listTypes } from '../certificates/order-payload.js';
import { InputError } from '../errors.js';
import { parseCertificateId, parseNames, parseYears } from './arguments.js';
import { withApp } from './session.js';
import { listAccounts, requireAccount } from './stock-accounts.js';
import { formatDay, formatTable, note, print, printJson, type Terminal } from './terminal.js';

interface ListOptions {
  module?: string;
  json?: boolean;
}

interface MarkOptions {
  module?: string;
  foreign?: boolean;
  ours?: boolean;
  type?: string;
  years?: number;
  sansToAdd?: number;
}

/** `stock …`: certificates of an account that no service owns. */
export function addStockCommand(program: Command, terminal: Terminal): void {
  const group = program
    .command('stock')
    .description(
      'certificates that no order owns: stock is used by the next fitting order, foreign is left alone',
    )
    .addHelpText('after', '\nExample:\n  pmnamecheap stock list');
  group
    .command('list')
    .description('stock and foreign certificates of each account, as last seen (calls nobody)')
    .option('--module <name>', 'only the account of this module')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap stock list --module default --json')
    .action((options: ListOptions) => listStock(terminal, options));
  group
    .command('mark')
    .argument('<id>', 'a certificate id of the account', parseCertificateId)
    .description('say whose a certificate is that no service owns')
    .option('--foreign', 'bought by somebody else: it is never touched')
    .option('--ours', 'paid for by us and unused: the next fitting order takes it instead of buying')
    .option('--type <type>', 'with --ours: its type; default: as it was last listed')
    .option(
      '--years <years>',
      'with --ours: the years it was bought for; default: as it was last listed',
      parseYears,
    )
    .option(
      '--sans-to-add <names>',
      'with --ours: names that were bought with it beyond the base price',
      parseNames,
    )
    .option('--module <name>', 'whose account; needed where there are several')
    .addHelpText('after', '\nExample:\n  pmnamecheap stock mark 9000123 --ours --type PositiveSSL --years 1')
    .action((id: number, options: MarkOptions) => markStock(terminal, id, options));
}

async function listStock(terminal: Terminal, { module, json }: ListOptions): Promise<void> {
  await withApp(terminal, async (app) => {
    const accounts = module === undefined ? await listAccounts(app) : [await requireAccount(app, module)];
    const rows = await Promise.all(
      accounts.map(async ({ id, modules }) =>
        (await app.store.stock.list(id)).map((row) => ({ modules, ...row })),
      ),
    );
    if (json === true) printJson(terminal, rows.flat());
    else if (rows.flat().length === 0) note(terminal, 'No certificates without an owner.');
    else print(terminal, formatRows(rows.flat()));
  });
}

function formatRows(rows: readonly (LooseCertificate & { modules: string[] })[]): string {
  return formatTable(
    ['module', 'certificate', 'is', 'type', 'years', 'since', 'purchase'],
    rows.map(({ modules, certificateId, kind, type, years, since, purchaseId }) => [
      modules.join(', '),
      String(certificateId),
      kind,
      type ?? '–',
      years === null ? '–' : String(years),
      formatDay(since),
      purchaseId ?? '–',
    ]),
  );
}

async function markStock(terminal: Terminal, id: number, options: MarkOptions): Promise<void> {
  const { foreign, ours, module } = options;
  if ((foreign === true) === (ours === true))
    throw new InputError(['give exactly one of --foreign, --ours'], 'The command line');
  await withApp(terminal, async (app) => {
    const account = await requireAccount(app, module);
    const now = new Date().toISOString();
    const answer =
      ours === true
        ? await app.store.stock.markOurs(
            account.id,
            id,
            await describeOurs(app, account.id, id, options, now),
          )
        : await app.store.stock.markForeign(account.id, id, now);
    print(terminal, describeAnswer(id, ours === true ? 'stock' : 'foreign', answer));
  });
}

/** @throws InputError when it is not known what the certificate is, or it cannot be stock. */
async function describeOurs(
  app: App,
  account: string,
  id: number,
  options: MarkOptions,
  since: string,
): Promise<StockRow> {
  const listed = await app.store.stock.readListed(account, id);
  const type = options.type ?? listed?.type ?? null;
  const years = options.years ?? listed?.years ?? null;
  const product = type === null ? null : findProduct(type);
  if (listed?.kind !== 'renew' && type !== null && product !== null && years !== null) {
    const { sansToAdd = 0 } = options;
    const what = { product: product.canonical, type: spellType(type), years, sansToAdd };
    return { ...what, purchaseId: 'by-hand', since };
  }
  throw new InputError(listFaults(id, listed, type, years), 'The command line');
}

function listFaults(
  id: number,
  listed: LastListed | null,
  type: string | null,
  years: number | null,
): string[] {
  if (listed?.kind === 'renew')
    return [
      `${id}: is a renewal, which is bound to the certificate it follows and never stock: mark it --foreign, the renew job of its service finds and uses it all the same; where that is parked, adopt it with certificate resolve SERVICE_ID --adopt ${id}`,
    ];
  const faults: string[] = [];
  if (type === null) faults.push('--type: is not known from the last list; give it');
  else if (findProduct(type) === null)
    faults.push(`--type: "${type}" is not known; known are ${listTypes()}`);
  if (years === null) faults.push('--years: are not known from the last list; give them');
  return faults;
}

/** @throws InputError when a service owns it: nothing was changed. */
function describeAnswer(id: number, what: 'stock' | 'foreign', answer: MarkAnswer): string {
  switch (answer.kind) {
    case 'marked':
      return `Certificate ${id} is ${what} now.`;
    case 'unchanged':
      return `Certificate ${id} was ${what} already; nothing was changed.`;
    case 'claimed':
      throw new InputError(
        [
          `certificate ${id} belongs to service ${answer.owner}: see certificate show ${answer.owner}; certificate resolve ${answer.owner} --release gives it up`,
        ],
        'The command line',
      );
  }
}
