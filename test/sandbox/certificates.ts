import { X509Certificate } from 'node:crypto';
import type { Sandbox } from '../../src/sandbox/server.js';
import { call, readAttributes, readCertificates, type Answer, type Fields } from './client.js';

/** ssl.getInfo. */
export async function readInfo(sandbox: Sandbox, id: string, fields: Fields = {}) {
  const { raw } = await call(sandbox, 'ssl.getInfo', { CertificateID: id, ...fields });
  return { raw, attributes: readAttributes(raw, 'SSLGetInfoResult')[0] ?? {} };
}

/** The certificate and its chain. */
export async function readLeaf(sandbox: Sandbox, id: string) {
  const { raw } = await readInfo(sandbox, id, { Returncertificate: 'true', Returntype: 'individual' });
  const [leaf, intermediate, root] = readCertificates(raw).map((pem) => new X509Certificate(pem));
  if (leaf === undefined || intermediate === undefined || root === undefined) throw new Error(raw);
  return { leaf, intermediate, root };
}

/** One ssl.reissue, validated by DNS; `id` is the new one, 0 when it was refused. */
export async function reissue(
  sandbox: Sandbox,
  id: string,
  csr: string,
  fields: Fields = {},
): Promise<Answer & { id: string }> {
  const sent = { CertificateID: id, CSR: csr, DNSDCValidation: 'true', ...fields };
  const answer = await call(sandbox, 'ssl.reissue', sent);
  return { ...answer, id: readAttributes(answer.raw, 'SSLReissueResult')[0]?.['ID'] ?? '' };
}

/** One ssl.renew of a Standard SSL for a year; `id` is the new one, 0 when it was refused. */
export async function renew(
  sandbox: Sandbox,
  id: string,
  fields: Fields = {},
): Promise<Answer & { id: string; result: Record<string, string> }> {
  const sent = { CertificateID: id, Years: '1', SSLType: 'Standard SSL', ...fields };
  const answer = await call(sandbox, 'ssl.renew', sent);
  const result = readAttributes(answer.raw, 'SSLRenewResult')[0] ?? {};
  return { ...answer, result, id: result['CertificateID'] ?? '' };
}
