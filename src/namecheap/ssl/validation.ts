import type { DcvChoice, ValidationInstruction } from '../api.js';
import { element, list, text, word } from '../fields.js';

const dnsPair = { hostname: text, target: text };
const httpPair = { filename: text, filecontent: text };

/**
 * What activate, reissue and editDCVMethod tell to publish: one `DNS` element per domain, or (editDCVMethod, and the
 * others until 2017) one pair directly in the block, without a domain.
 */
export const validationBlocks = {
  httpdcvalidation: element({
    '@valueavailable': word,
    ...httpPair,
    dns: list(element({ '@domain': text, ...httpPair })),
  }),
  dnsdcvalidation: element({
    '@valueavailable': word,
    ...dnsPair,
    dns: list(element({ '@domain': text, ...dnsPair })),
  }),
};

interface HttpPair {
  filename: string;
  filecontent: string;
}
interface DnsPair {
  hostname: string;
  target: string;
}
type Block<Pair> = Pair & { '@valueavailable': string; dns: (Pair & { '@domain': string })[] };

export interface Blocks {
  httpdcvalidation: Block<HttpPair>;
  dnsdcvalidation: Block<DnsPair>;
}

/**
 * What a person must publish, in the order of the choices. Values are taken as they are. Domains that Namecheap
 * names and we did not (a bare name for a wildcard) follow at the end: nothing it tells is dropped. A domain it tells
 * nothing about is left out.
 */
export function readInstructions(blocks: Blocks, choices: readonly DcvChoice[]): ValidationInstruction[] {
  const told = [...readNamed(blocks), ...readUnnamed(blocks, choices)];
  const ordered = choices.flatMap((choice) => pick(choice, told));
  const known = new Set(choices.map(({ domain }) => domain.toLowerCase()));
  const rest = told.filter(({ domain }) => !known.has(domain.toLowerCase()));
  return [...ordered, ...rest];
}

/** The chosen method's values where both came; the other's where only those came. */
function pick(
  { domain, method, approverEmail }: DcvChoice,
  told: readonly ValidationInstruction[],
): ValidationInstruction[] {
  if (method === 'email') return [{ domain, method, approverEmail: approverEmail ?? '' }];
  const ours = told.filter((instruction) => instruction.domain.toLowerCase() === domain.toLowerCase());
  const best = ours.find((instruction) => instruction.method === method) ?? ours[0];
  return best === undefined ? [] : [{ ...best, domain }];
}

function readNamed({ httpdcvalidation, dnsdcvalidation }: Blocks): ValidationInstruction[] {
  const files = isUsed(httpdcvalidation) ? httpdcvalidation.dns : [];
  const records = isUsed(dnsdcvalidation) ? dnsdcvalidation.dns : [];
  return [
    ...files.flatMap((pair) => describeFile(pair['@domain'], pair)),
    ...records.flatMap((pair) => describeRecord(pair['@domain'], pair)),
  ];
}

/** A pair without a domain: a file is the same for all names validated by file, a record names its own domain. */
function readUnnamed(
  { httpdcvalidation, dnsdcvalidation }: Blocks,
  choices: readonly DcvChoice[],
): ValidationInstruction[] {
  const byFile = choices.filter(({ method }) => method === 'http');
  const byRecord = choices.filter(({ method }) => method === 'dns');
  const files = isUsed(httpdcvalidation)
    ? byFile.flatMap(({ domain }) => describeFile(domain, httpdcvalidation))
    : [];
  const owner = findOwner(dnsdcvalidation.hostname, byRecord);
  const records = isUsed(dnsdcvalidation) && owner !== null ? describeRecord(owner, dnsdcvalidation) : [];
  return [...files, ...records];
}

/** The domain that a record's host name ends with, the longest if several do; the only candidate needs no proof. */
function findOwner(hostName: string, candidates: readonly DcvChoice[]): string | null {
  const host = hostName.toLowerCase();
  const owners = candidates
    .map(({ domain }) => domain)
    .filter((domain) => host.endsWith(`.${domain.toLowerCase().replace(/^\*\./, '')}`))
    .toSorted((a, b) => b.length - a.length);
  return owners[0] ?? (candidates.length === 1 ? (candidates[0]?.domain ?? null) : null);
}

function isUsed(block: { '@valueavailable': string }): boolean {
  return block['@valueavailable'] !== 'false';
}

function describeFile(domain: string, { filename, filecontent }: HttpPair): ValidationInstruction[] {
  if (domain === '' || filename === '') return [];
  return [
    {
      domain,
      method: 'http',
      url: `http://${domain}/.well-known/pki-validation/${filename}`,
      content: filecontent,
    },
  ];
}

function describeRecord(domain: string, { hostname, target }: DnsPair): ValidationInstruction[] {
  if (domain === '' || hostname === '') return [];
  return [{ domain, method: 'dns', host: hostname, target }];
}
