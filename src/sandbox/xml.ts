/** An element to be written: attributes in order, then either child elements or one text. */
export interface XmlElement {
  name: string;
  attributes: Readonly<Record<string, string | number | boolean>>;
  children: readonly XmlElement[];
  /** Already escaped or wrapped; null when the element has no text. */
  text: string | null;
}

export type XmlAttributes = XmlElement['attributes'];

// XML 1.0 (section 2.2) has no way to write these characters, not even as references.
const FORBIDDEN = new RegExp('[^\\t\\n\\r\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]', 'gu');

function escape(value: string): string {
  return value
    .replace(FORBIDDEN, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export function element(
  name: string,
  attributes: XmlAttributes = {},
  children: readonly XmlElement[] = [],
): XmlElement {
  return { name, attributes, children, text: null };
}

/** An element with an escaped text. */
export function textElement(name: string, text: string, attributes: XmlAttributes = {}): XmlElement {
  return { name, attributes, children: [], text: escape(text) };
}

/** An element with its text in CDATA, where Namecheap puts PEM blocks and validation values. */
export function cdataElement(name: string, text: string, attributes: XmlAttributes = {}): XmlElement {
  // `]]>` would end the section early: it is split over two of them.
  const safe = text.replace(FORBIDDEN, '').replaceAll(']]>', ']]]]><![CDATA[>');
  return { name, attributes, children: [], text: `<![CDATA[${safe}]]>` };
}

/** Writes the element with one line per child; `step` is the indentation of one level. */
export function writeXml(node: XmlElement, step: string, depth = 0): string {
  const indent = step.repeat(depth);
  const attributes = Object.entries(node.attributes).map(
    ([name, value]) => ` ${name}="${escape(String(value))}"`,
  );
  const start = `${indent}<${node.name}${attributes.join('')}`;
  if (node.text !== null) return `${start}>${node.text}</${node.name}>\n`;
  if (node.children.length === 0) return `${start}/>\n`;
  const children = node.children.map((child) => writeXml(child, step, depth + 1));
  return `${start}>\n${children.join('')}${indent}</${node.name}>\n`;
}
