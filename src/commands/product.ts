import type { Command } from 'commander';
import { listProducts, type Product } from '../../config/products.js';
import type { App } from '../app.js';
import { findPrice, type PriceList } from '../certificates/prices.js';
import { requireModule } from '../modules/require-module.js';
import { accountId, type ModuleRecord } from '../modules/settings.js';
import { formatSpan } from './format.js';
import { withApp } from './session.js';
import { formatTable, note, print, printJson, type Terminal } from './terminal.js';

interface Options {
  module?: string;
  json?: boolean;
}

/** `product …`: what can be ordered. */
export function addProductCommand(program: Command, terminal: Terminal): void {
  const group = program
    .command('product')
    .description('the types of certificates that can be ordered')
    .addHelpText('after', '\nExample:\n  pmnamecheap product list');
  group
    .command('list')
    .description('all types, with the prices of an account as they were last read (calls nobody)')
    .option('--module <name>', 'whose prices; default: those of the module "default", if there is one')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap product list --module default --json')
    .action((options: Options) => listCatalogue(terminal, options));
}

async function listCatalogue(terminal: Terminal, options: Options): Promise<void> {
  await withApp(terminal, async (app) => {
    const module = await loadModule(app, options.module);
    const list = module === null ? null : await app.store.prices.load(accountId(module));
    if (options.json === true) {
      printJson(terminal, presentCatalogue(module, list));
      return;
    }
    print(terminal, formatCatalogue(list));
    note(terminal, describeSource(module, list, await app.store.listings.readClock()));
  });
}

async function loadModule({ store }: App, name: string | undefined): Promise<ModuleRecord | null> {
  return name === undefined ? await store.modules.load('default') : await requireModule(store.modules, name);
}

/** The document of `--json`; `prices` holds every entry of the list that is of this class. */
function presentCatalogue(module: ModuleRecord | null, list: PriceList | null): unknown {
  return {
    module: module?.name ?? null,
    pricesAt: list === null ? null : new Date(list.at).toISOString(),
    products: listProducts().map(({ names, ...product }) => {
      const [type, ...otherTypes] = names;
      const entries = (list?.entries ?? []).filter((entry) => entry.product === product.canonical);
      const prices = entries.map(({ name, action, years, amount, currency }) => ({
        ...{ type: name, action, years, amount, currency },
      }));
      return { type, otherTypes, ...product, prices };
    }),
  };
}

function formatCatalogue(list: PriceList | null): string {
  const head = ['type', 'level', 'covers', 'names', 'years', '1 year', '5 years', 'also ordered as'];
  return formatTable(
    head,
    listProducts().map((product) => {
      const [type = '', ...others] = product.names;
      return [
        type,
        product.validation.toUpperCase(),
        product.coverage,
        formatNames(product),
        `1–${product.maxYears}`,
        formatPrice(list, type, 1),
        formatPrice(list, type, 5),
        others.join(', '),
      ];
    }),
  );
}

/** `3 of 100`: in the base price, and at most. */
function formatNames({ includedNames, maxNames }: Product): string {
  return includedNames === maxNames ? String(maxNames) : `${includedNames} of ${maxNames}`;
}

function formatPrice(list: PriceList | null, type: string, years: number): string {
  if (list === null) return '–';
  const answer = findPrice(list, type, 'PURCHASE', years);
  if (answer.kind === 'not-sold') return 'not sold';
  return answer.kind === 'listed' ? `${answer.amount} ${answer.currency ?? ''}`.trim() : '–';
}

function describeSource(module: ModuleRecord | null, list: PriceList | null, now: number): string {
  if (module === null) return 'No prices: there is no module "default"; name one with --module.';
  const refresh = `pmnamecheap enqueue prices --module ${module.name}`;
  if (list === null)
    return `No prices of "${module.name}" were read yet; let a worker read them: ${refresh} --wait`;
  const age = formatSpan(now - list.at);
  return `Prices of "${module.name}" for the whole term, names in the base price only, read ${age} ago; a newer list: ${refresh} --maxAge 0s --wait`;
}
