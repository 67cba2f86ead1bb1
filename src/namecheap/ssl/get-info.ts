import { z } from 'zod';
import type { CallOptions, CertificateInfo } from '../api.js';
import type { Call } from '../command.js';
import { countOrNull, element, idOrNull, text, textOrNull, word } from '../fields.js';
import { certificateId, checkInput } from '../input.js';
import { findCertificates } from './pem.js';

const COMMAND = 'namecheap.ssl.getInfo';

const inputSchema = z.object({ certificateId, withCertificate: z.boolean().optional() });

const resultSchema = element({
  sslgetinforesult: element({
    '@status': word.pipe(z.string().min(1)),
    '@statusdescription': text,
    '@type': text,
    '@years': countOrNull,
    '@orderid': idOrNull,
    // Empty, 0 and absent all mean: not replaced.
    '@replacedby': idOrNull,
    '@sanscount': countOrNull,
    certificatedetails: element({
      csr: textOrNull,
      commonname: textOrNull,
      approveremail: textOrNull,
      certificates: z.unknown().optional(),
    }),
  }),
});

/**
 * What Namecheap tells about one certificate. `expires` is left out on purpose: nobody knows whether it is the file's
 * end or the paid term's.
 * @throws NamecheapError.
 */
export async function getInfo(
  call: Call,
  input: { certificateId: number; withCertificate?: boolean },
  options?: CallOptions,
): Promise<CertificateInfo> {
  const checked = checkInput(COMMAND, 'read', inputSchema, input);
  const parameters = {
    CertificateID: String(checked.certificateId),
    ...(checked.withCertificate === true ? { Returncertificate: 'true', Returntype: 'Individual' } : {}),
  };
  const response = await call({ command: COMMAND, kind: 'read', parameters, result: resultSchema }, options);
  const { certificatedetails: details, ...seen } = response.sslgetinforesult;
  const [leaf = null, ...chain] = findCertificates(details.certificates);
  const years = seen['@years'];
  return {
    certificateId: checked.certificateId,
    status: seen['@status'],
    statusDescription: seen['@statusdescription'],
    type: seen['@type'],
    years: years === 0 ? null : years,
    orderId: seen['@orderid'],
    replacedBy: seen['@replacedby'],
    sansCount: seen['@sanscount'],
    csr: details.csr?.trim() ?? null,
    commonName: details.commonname,
    approverEmail: details.approveremail,
    certificate: leaf,
    chain,
  };
}
