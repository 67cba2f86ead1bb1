import { z } from 'zod';
import type { CallOptions } from '../api.js';
import type { Call } from '../command.js';
import { element, sameId, success } from '../fields.js';
import { certificateId, checkInput } from '../input.js';

const COMMAND = 'namecheap.ssl.resendfulfillmentemail';

const inputSchema = z.object({ certificateId });

/**
 * Mails the files of an `active` certificate to its administrator address once more. A repeat does no harm but for
 * the email; error 3011299 means that no address is on file.
 * @throws NamecheapError.
 */
export async function resendFulfillmentEmail(
  call: Call,
  input: { certificateId: number },
  options?: CallOptions,
): Promise<void> {
  const { certificateId: named } = checkInput(COMMAND, 'submit', inputSchema, input);
  const parameters = { CertificateID: String(named) };
  const result = element({
    sslresendfulfillmentemailresult: element({ '@issuccess': success, '@id': sameId(named) }),
  });
  await call({ command: COMMAND, kind: 'submit', parameters, result }, options);
}
