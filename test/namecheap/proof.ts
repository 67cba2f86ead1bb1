import { expect } from 'vitest';
import type { CreateResult } from '../../src/namecheap/api.js';
import type { NamecheapError } from '../../src/namecheap/errors.js';
import { childrenOf, listElements, readPlainXml, type PlainElement } from '../helpers/plain-xml.js';
import type { Command } from './every-command.js';

/*
 * The rule of money, told a second time and apart from the code: what proves a purchase, and what proves that there is
 * none. The numbers are written out, so that nobody extends the allow-list in passing.
 */

/** Documented refusals of credentials and parameters: whoever answers with one of them has not sold anything. */
const REFUSALS = new Set([
  ...[1010101, 1010102, 1010104, 1010105, 1011102, 1011105, 1016103, 1017101, 1017103, 1017105, 1019103],
  ...[1030408, 1017410, 1017411, 1011150, 1017150, 1050900, 2010167, 2010298, 2010301, 2011167, 2011170],
  ...[2011298, 2011900, 2012301, 2013167, 2013170, 2013301, 2013900, 2015167, 4080167, 2010294, 2011272],
  ...[2011294, 2011300, 2011301, 2011767, 2013294, 2010214, 2010295, 2010296, 2010297, 2010326, 2010396],
  ...[2010667, 2010767, 2010784, 2011166, 2011295, 2011296, 2011297, 2011388, 2011389, 2011668, 2011784],
  ...[2013295, 2013296, 2013297, 2013667, 2014296, 2015182, 2030296, 2030332],
  ...[2011212, 2011213, 2011214, 2011215, ...range(2013201, 2013215), ...range(2013372, 2013389)],
]);

/** After a submission these too: the provider refused what was submitted. */
const SUBMIT_REFUSALS = new Set([
  ...[3011295, 3011296, 3011299, 3011784, 4011296, 4011297, 4011300, 4011380, 4011900, 4011294],
  ...[2011333, 2011510, 2019331, 4020294],
]);

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The result elements of the commands that change something. */
const RESULTS: Record<string, string> = {
  'ssl.create': 'sslcreateresult',
  'ssl.renew': 'sslrenewresult',
  'ssl.purchasemoresans': 'sslpurchasemoresansresult',
  'ssl.activate': 'sslactivateresult',
  'ssl.reissue': 'sslreissueresult',
  'ssl.editdcvmethod': 'ssleditdcvmethodresult',
  'ssl.revokecertificate': 'revokecertificateresult',
  'ssl.resendapproveremail': 'sslresendapproveremailresult',
  'ssl.resendfulfillmentemail': 'sslresendfulfillmentemailresult',
};

/** An answer that was believed says, in one well-formed document, that our command was executed, with every id. */
export function demandProof({ command, kind }: Command, text: string, result: unknown): void {
  const root = read(text);
  if (root === null) throw new Error('an answer was believed that is not well-formed');
  const name = command.toLowerCase();
  expect(root.name).toBe('apiresponse');
  expect(root.attributes.get('status')?.toLowerCase()).toBe('ok');
  expect(childrenOf(root, 'errors').flatMap((errors) => childrenOf(errors, 'error'))).toEqual([]);
  if (kind === 'read') return;
  expect(childrenOf(root, 'requestedcommand').map((one) => one.text.trim().toLowerCase())).toEqual([name]);
  const responses = childrenOf(root, 'commandresponse');
  expect(responses.map((one) => one.attributes.get('type')?.toLowerCase())).toEqual([name]);
  const results = responses.flatMap((one) => childrenOf(one, RESULTS[name.slice('namecheap.'.length)] ?? ''));
  expect(results).toHaveLength(1);
  const [made] = results;
  const isSuccess = made?.attributes.get('issuccess')?.toLowerCase() ?? '';
  expect(isSuccess).toMatch(name === 'namecheap.ssl.renew' ? /^(true)?$/ : /^true$/);
  if (kind === 'charge' && made !== undefined) demandBought(name, made, result as CreateResult); // as the command is typed
}

function demandBought(name: string, made: PlainElement, result: CreateResult): void {
  const inner = childrenOf(made, 'sslcertificate');
  const certificate = name === 'namecheap.ssl.renew' ? made : inner[0];
  if (certificate !== made) expect(inner).toHaveLength(1);
  const get = (element: PlainElement | undefined, attribute: string) =>
    element?.attributes.get(attribute) ?? '';
  const ids = [get(certificate, 'certificateid'), get(made, 'orderid'), get(made, 'transactionid')];
  for (const id of ids) expect(id).toMatch(/^0*[1-9]\d{0,14}$/);
  expect(ids.map(Number)).toEqual([result.certificateId, result.orderId, result.transactionId]);
  expect(result.chargedAmount).toMatch(/^\d{1,12}(\.\d{1,6})?$/);
  expect(get(made, 'chargedamount')).toBe(result.chargedAmount);
  expect(get(certificate, 'years')).toBe(String(result.years));
  expect(result.type).not.toBe('');
}

/** Namespaces are not looked at, so neither is what is wrong with them. */
function read(text: string): PlainElement | null {
  return readPlainXml(text.replace(/\sxmlns=("[^"]*"|'[^']*')/g, ''));
}

const MONEY = ['orderid', 'transactionid', 'chargedamount', 'certificateid'];

/** "Not made" stands on HTTP 405 or on listed numbers only, and never beside a trace of a purchase. */
export function demandRefusal({ kind, command }: Command, error: NamecheapError, text: string): void {
  const root = read(text);
  if (kind === 'charge' && root !== null) demandNoTrace(root);
  if (error.httpStatus === 405) return;
  expect(error.httpStatus).toBe(200);
  if (root === null) throw new Error('a refusal was believed that is not well-formed');
  expect(command.toLowerCase()).toContain(
    childrenOf(root, 'requestedcommand')[0]?.text.trim().toLowerCase() ?? '',
  );
  const errors = childrenOf(root, 'errors').flatMap((one) => childrenOf(one, 'error'));
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBe(error.faults.length);
  for (const one of errors) {
    const number = Number(one.attributes.get('number'));
    const isFunds = number === 2528166 && /insufficient\s*funds/i.test(one.text);
    const isListed = REFUSALS.has(number) || (kind === 'submit' && SUBMIT_REFUSALS.has(number));
    expect(isFunds || isListed, `${number} proves nothing`).toBe(true);
  }
}

function demandNoTrace(root: PlainElement): void {
  for (const element of listElements(root)) {
    for (const [name, value] of [...element.attributes, [element.name, element.text.trim()] as const]) {
      if (MONEY.includes(name)) expect(value, `${name} is a trace of a purchase`).not.toMatch(/[1-9\p{L}]/u);
    }
    expect(element.attributes.get('issuccess')?.toLowerCase()).not.toBe('true');
  }
}
