import type { FaultName, FaultRule } from './faults.js';

/** What happens on the connection: an answer, the socket cut, or nothing ever. */
export type Delivery =
  | { kind: 'answer'; status: number; contentType: string; body: string }
  | { kind: 'cut' }
  | { kind: 'silence' };

const HTML_PAGE = `<!DOCTYPE html>
<html><head><title>503 Service Temporarily Unavailable</title></head>
<body><h1>503 Service Temporarily Unavailable</h1><p>Checking your browser before accessing Namecheap.</p></body></html>
`;

export function deliverXml(body: string): Delivery {
  return { kind: 'answer', status: 200, contentType: 'text/xml; charset=utf-8', body };
}

export function deliverHtml(status: number, body: string): Delivery {
  return { kind: 'answer', status, contentType: 'text/html; charset=utf-8', body };
}

function deliverServerError(): Delivery {
  return deliverHtml(500, '<html><body>Internal Server Error</body></html>\n');
}

/** Namecheap's answer to a call beyond the limits. */
export function deliverThrottled(): Delivery {
  return deliverHtml(405, '<html><body>Not Allowed</body></html>\n');
}

const DELIVERIES: Partial<Record<FaultName, (xml: string, rule: FaultRule) => Delivery>> = {
  'drop-before': () => ({ kind: 'cut' }),
  'drop-after': () => ({ kind: 'cut' }),
  hang: () => ({ kind: 'silence' }),
  'http-500': deliverServerError,
  'http-500-after': deliverServerError,
  html: () => deliverHtml(200, HTML_PAGE),
  'html-after': () => deliverHtml(200, HTML_PAGE),
  throttle: deliverThrottled,
  // With a content-length that fits: complete for HTTP, broken for XML. Answers are ASCII but for what a CSR brings in.
  truncated: (xml, { bytes = Math.floor(Buffer.byteLength(xml) / 2) }) =>
    deliverXml(Buffer.from(xml).subarray(0, bytes).toString()),
  'bare-envelope': (xml) =>
    deliverXml(xml.replace(/(<ApiResponse[^>]*) xmlns="[^"]*"/u, '$1').replace(/^ *<Warnings\/>\n/mu, '')),
};

/** What a fault makes of the answer's XML; those that are about its content changed it before. */
export function deliverFault(rule: FaultRule, xml: string): Delivery {
  return DELIVERIES[rule.fault]?.(xml, rule) ?? deliverXml(xml);
}
