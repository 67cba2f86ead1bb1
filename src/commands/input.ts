import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.js';
import type { Terminal } from './terminal.js';

/** More than any payload, CSR or key needs; a wrong file ends here instead of in memory. */
const MAX_BYTES = 1_000_000;

/** Everything on stdin until it ends. @throws InputError when it is too long. */
export async function readStdin(terminal: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of terminal.stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BYTES) throw new InputError([`stdin holds more than ${MAX_BYTES} bytes`], 'The input');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @param label names the place in the command line that the path was given in @throws InputError when it cannot be read. */
export async function readTextFile(path: string, label: string, maxBytes = MAX_BYTES): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > maxBytes)
      throw new InputError([`${label}: ${path} holds more than ${maxBytes} bytes`], 'The input');
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      [`${label}: cannot read ${path} (${error instanceof Error ? error.message : String(error)})`],
      'The input',
    );
  }
}
