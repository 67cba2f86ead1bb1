import type { ApiFault } from './refusal.js';
import { element, textElement, writeXml, type XmlElement } from './xml.js';

/** The parts of an answer that differ from call to call. */
export interface Answer {
  /** Empty when the call was refused before its command was looked at. */
  requestedCommand: string;
  faults: readonly ApiFault[];
  /** What is inside CommandResponse; null leaves the whole element out. */
  elements: readonly XmlElement[] | null;
  /** Seconds with three decimals, or `0`. */
  executionTime: string;
}

// The users.* commands run on another backend than the ssl.* ones, and look different in these details.
const SSL_STYLE = { encoding: 'UTF-8', step: ' ', server: '5a0db0c5e7e1' };
const USERS_STYLE = { encoding: 'utf-8', step: '  ', server: 'PHX01SBAPI02' };

/** The complete XML document, `ApiResponse` with everything around the command's own result. */
export function writeEnvelope({ requestedCommand, faults, elements, executionTime }: Answer): string {
  const isUsers = requestedCommand.toLowerCase().startsWith('namecheap.users.');
  const style = isUsers ? USERS_STYLE : SSL_STYLE;
  const errors = faults.map(({ number, text }) => textElement('Error', text, { Number: number }));
  const document = element(
    'ApiResponse',
    { Status: faults.length === 0 ? 'OK' : 'ERROR', xmlns: 'http://api.namecheap.com/xml.response' },
    [
      element('Errors', {}, errors),
      element('Warnings'),
      requestedCommand === ''
        ? element('RequestedCommand')
        : textElement('RequestedCommand', requestedCommand),
      ...(elements === null ? [] : [element('CommandResponse', { Type: requestedCommand }, elements)]),
      textElement('Server', style.server),
      // Namecheap really writes two signs.
      textElement('GMTTimeDifference', '--5:00'),
      textElement('ExecutionTime', executionTime),
    ],
  );
  return `<?xml version="1.0" encoding="${style.encoding}"?>\n${writeXml(document, style.step)}`;
}
