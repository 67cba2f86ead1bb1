import { findProduct, spellType } from '../../config/products.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { readPem } from './csr-pem.js';
import { parseCsr } from './csr.js';
import type { SeenLeaf } from './leaf.js';
import { readDomain } from './names.js';
import { normalizeOrder, type OrderPayload } from './order-payload.js';
import { normalizeDcv, type Dcv } from './validation.js';

/** The service that a certificate is to belong to. */
export interface Owner {
  module: string;
  serviceId: string;
}

/** What a certificate was asked for with, rebuilt from what Namecheap tells, and the names it covers. */
export interface RebuiltRequest {
  request: OrderPayload;
  commonName: string;
  sans: string[];
  /** Names bought beyond those in the base price. */
  sansAdded: number;
}

/**
 * Rebuilds the order of a certificate. The names are the leaf's, where there is one; the CSR is left empty where Namecheap tells none, or
 * one that is not the leaf's.
 */
export function rebuildRequest(
  owner: Owner,
  info: CertificateInfo,
  leaf: SeenLeaf | null,
  years: number,
): RebuiltRequest {
  const product = findProduct(info.type);
  const csr = readCsrText(info.csr, leaf);
  const commonName = readDomain(info.commonName ?? '').domain ?? leaf?.names[0] ?? '';
  const named = leaf?.names ?? listCsrNames(csr);
  const isMulti = product?.coverage === 'multi';
  const sans = isMulti ? named.filter((name) => name !== commonName) : [];
  const request = normalizeOrder({
    ...owner,
    ...{ type: spellType(info.type), years, csr, dcv: readDcv(info.approverEmail) },
    ...(sans.length > 0 ? { sans } : {}),
  });
  const included = product?.includedNames ?? 1;
  // Namecheap counts the names besides the common name; those that a certificate holds were bought in any case.
  const usable = Math.max(info.sansCount ?? 0, sans.length);
  return { request, commonName, sans, sansAdded: isMulti ? Math.max(0, usable + 1 - included) : 0 };
}

function readCsrText(text: string | null, leaf: SeenLeaf | null): string {
  if (text === null || readPem(text).fault !== null) return '';
  if (leaf === null) return text;
  try {
    return parseCsr(text).publicKeyHash === leaf.publicKeyHash ? text : '';
  } catch {
    return text; // Whether it may be used again is judged with everything else, see planNextReissue.
  }
}

function listCsrNames(csr: string): string[] {
  try {
    return parseCsr(csr).sans;
  } catch {
    return [];
  }
}

/** The method as getInfo tells it: an address, or one of two words. What is not told is asked for by DNS, which suits every name. */
function readDcv(approverEmail: string | null): Dcv {
  const word = (approverEmail ?? '').trim().toUpperCase().replaceAll('_', '');
  if (word === 'HTTPCSRHASH') return { method: 'http' };
  if (word.includes('@')) return normalizeDcv({ method: 'email', approverEmail: approverEmail ?? '' });
  return { method: 'dns' };
}
