import { z } from 'zod';
import type { CallOptions } from '../api.js';
import type { Call } from '../command.js';
import { element, sameId, success } from '../fields.js';
import { certificateId, checkInput } from '../input.js';

const COMMAND = 'namecheap.ssl.resendApproverEmail';

const inputSchema = z.object({ certificateId });

/**
 * Sends the approval emails once more; for names validated by file or record the CA looks again. Allowed while the
 * certificate is `purchased`. A repeat does no harm but for the emails.
 * @throws NamecheapError.
 */
export async function resendApproverEmail(
  call: Call,
  input: { certificateId: number },
  options?: CallOptions,
): Promise<void> {
  const { certificateId: named } = checkInput(COMMAND, 'submit', inputSchema, input);
  const parameters = { CertificateID: String(named) };
  const result = element({
    sslresendapproveremailresult: element({ '@issuccess': success, '@id': sameId(named) }),
  });
  await call({ command: COMMAND, kind: 'submit', parameters, result }, options);
}
