import type { Product } from '../../config/products.js';
import type { CsrFacts } from './csr.js';
import { isWildcard, listImpliedNames, readDomain } from './names.js';

/**
 * Decides which names are certified and whether the product can: for several names those of the payload, else those of
 * the CSR (an empty list counts as none given). The common name may be repeated in either list. What is wrong is added
 * to `faults`.
 * @returns the names besides the common name, each once; empty unless the product takes several
 */
export function readOrderedNames(
  product: Product,
  csr: CsrFacts,
  wanted: readonly string[] | undefined,
  faults: string[],
): string[] {
  const commonNameFault = findCommonNameFault(product, csr.commonName);
  if (commonNameFault !== null) faults.push(commonNameFault);
  const listed = readList(wanted ?? [], faults);
  if (product.coverage === 'multi') return readSeveral(product, csr, listed, faults);

  const covered = [csr.commonName, ...listImpliedNames(csr.commonName, product.coverage)];
  const advice = `this type covers only ${covered.join(' and ')}; order a multi-domain type for more`;
  for (const { name, field } of listed) {
    if (!covered.includes(name)) faults.push(`${field}: ${name} cannot be added: ${advice}, or leave it out`);
  }
  const strangers = csr.sans.filter((name) => !covered.includes(name));
  if (strangers.length > 0) {
    faults.push(`csr: it asks for ${strangers.join(', ')} too: ${advice}, or make a CSR without`);
  }
  return [];
}

function findCommonNameFault({ coverage }: Product, commonName: string): string | null {
  if (coverage === 'wildcard' && !isWildcard(commonName)) {
    return `csr: the common name of a wildcard certificate must be a wildcard name, such as *.${commonName}; it is ${commonName}`;
  }
  if (coverage !== 'wildcard' && isWildcard(commonName)) {
    return `csr: this type cannot have the wildcard ${commonName} as its common name; order a wildcard type`;
  }
  return null;
}

interface ListedName {
  name: string;
  field: string;
}

function readList(wanted: readonly string[], faults: string[]): ListedName[] {
  const listed: ListedName[] = [];
  wanted.forEach((entry, index) => {
    const field = `sans[${index}]`;
    const { domain, fault } = readDomain(entry);
    if (fault !== null) faults.push(`${field}: ${fault}`);
    else if (listed.some(({ name }) => name === domain)) faults.push(`${field}: ${domain} is listed twice`);
    else listed.push({ name: domain, field });
  });
  return listed;
}

function readSeveral(product: Product, csr: CsrFacts, listed: ListedName[], faults: string[]): string[] {
  const fromCsr = csr.sans.map((name) => ({ name, field: 'csr' }));
  const others = (listed.length > 0 ? listed : fromCsr).filter(({ name }) => name !== csr.commonName);
  for (const { name, field } of others) {
    if (isWildcard(name))
      faults.push(`${field}: a multi-domain certificate cannot hold the wildcard ${name}; order it apart`);
  }
  const total = others.length + 1;
  if (total > product.maxNames)
    faults.push(`sans: ${total} names with the common name; ${product.maxNames} are possible`);
  return others.map(({ name }) => name);
}
