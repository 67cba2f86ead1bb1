/** RFC 7468, section 2. A CSR has another label, so it never matches. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

/**
 * All certificates below a parsed element as PEM, the leaf first. Namecheap nests them differently over the years, so
 * the texts are searched wherever they are; only what stands in `CaCertificates` always comes after the rest.
 */
export function findCertificates(element: unknown): string[] {
  const { own, issuers } = collectTexts(element);
  return [...own, ...issuers].flatMap((text) => text.match(CERTIFICATE) ?? []).map(normalise);
}

interface Texts {
  own: string[];
  issuers: string[];
}

function collectTexts(node: unknown): Texts {
  if (typeof node === 'string') return { own: [node], issuers: [] };
  if (typeof node !== 'object' || node === null) return { own: [], issuers: [] };
  const texts: Texts = { own: [], issuers: [] };
  for (const [name, child] of Object.entries(node)) {
    const found = collectTexts(child);
    if (name === 'cacertificates') texts.issuers.push(...found.own, ...found.issuers);
    else {
      texts.own.push(...found.own);
      texts.issuers.push(...found.issuers);
    }
  }
  return texts;
}

/** One line ending, no padding around lines, and a newline at the end, as files of certificates have it. */
function normalise(pem: string): string {
  const lines = pem.split(/\r\n?|\n/).map((line) => line.trim());
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
