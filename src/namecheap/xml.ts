import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { AnswerError } from './answer-error.js';

/** Longer than {@link MAX_ANSWER_BYTES} never arrives; this guards against other callers. */
const MAX_LENGTH = 8 * 1024 * 1024;
const MAX_DEPTH = 32;

/** An element with attributes or children: attributes as `@name`, children as `name`, its own text as `#text`. */
export interface XmlElement {
  readonly [name: string]: XmlNode;
}
/** A leaf without attributes is its text. Elements that may repeat are always arrays, others only when they do repeat. */
export type XmlNode = string | XmlElement | readonly XmlNode[];

/** Elements of the API that may repeat, in lower case like every name here: one of them must look like many. */
const REPEATED = new Set([
  'certificate',
  'dns',
  'domains',
  'email',
  'error',
  'price',
  'product',
  'productcategory',
  'producttype',
  'ssl',
  'warning',
]);

const TEXT = '#text';
const CDATA = '#cdata';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  // Amounts and ids stay texts: "0044.40" must not become 44.4.
  parseTagValue: false,
  parseAttributeValue: false,
  // Trimmed below, where CDATA and plain text are still apart.
  trimValues: false,
  cdataPropName: CDATA,
  textNodeName: TEXT,
  // Decoded below: with the parser's own decoding numeric references need its table of HTML entities.
  processEntities: false,
  maxNestedTags: MAX_DEPTH,
  // Namecheap writes the same name in several cases (ID, Id; email, Email).
  transformTagName: (name) => name.toLowerCase(),
  transformAttributeName: (name) => name.toLowerCase(),
  isArray: (name, _path, _isLeaf, isAttribute) => !isAttribute && REPEATED.has(name),
});

/**
 * Parses an answer. Names come in lower case and without namespace prefix; texts are trimmed, CDATA only of newlines
 * around it.
 * @throws AnswerError for anything but one well-formed document without a DTD.
 */
export function parseXml(text: string): XmlElement {
  if (text.length > MAX_LENGTH) throw new AnswerError('the answer is too long');
  if (/^\s*(<!doctype\s+html|<html)/i.test(text))
    throw new AnswerError('the answer is an HTML page, not XML');
  // Before any parsing: what a DTD can do (entities that grow, external ones) is not worth trusting a parser with.
  if (/<!(doctype|entity)/i.test(text)) throw new AnswerError('the answer has a DTD, which is refused');
  // The validator reads over declarations that it does not know, and with them over what stands in them.
  if (/<!(?!--|\[CDATA\[)/.test(text)) throw new AnswerError('the answer has a declaration that is refused');
  // The parser accepts broken XML: a truncated answer would read like a shorter one.
  if (XMLValidator.validate(text) !== true) throw new AnswerError('the answer is not well-formed XML');
  const root = convert(parse(text));
  if (typeof root === 'string' || isList(root)) throw new AnswerError('the answer is not an XML element');
  // The validator lets a second one pass behind an empty one.
  if (Object.keys(root).length !== 1) throw new AnswerError('the answer has more than one root');
  return root;
}

function parse(text: string): unknown {
  try {
    return parser.parse(text);
  } catch {
    // The parser's message may quote the answer.
    throw new AnswerError('the answer is XML that is refused (nesting or names)');
  }
}

function convert(value: unknown): XmlNode {
  if (typeof value === 'string') return convertText(value);
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null)
    throw new AnswerError('the answer is XML of an unknown shape');
  const content = new Map<string, unknown>(Object.entries(value));
  const text = readText(content.get(TEXT), content.get(CDATA));
  content.delete(TEXT);
  content.delete(CDATA);
  if (content.size === 0) return text;
  // No prototype: an element called like a member of Object is an element and nothing else.
  const element = Object.create(null) as Record<string, XmlNode>;
  for (const [name, child] of content) element[name] = convert(child);
  if (text !== '') element[TEXT] = text;
  return element;
}

/** An attribute, or a text without CDATA: neither may hold markup, which the validator lets pass in attributes. */
function convertText(raw: string): string {
  if (raw.includes('<')) throw new AnswerError('the answer is not well-formed XML');
  return decodeEntities(raw).trim();
}

/** CDATA wins over the white space around it, and keeps its bytes but for the newlines at its ends. */
function readText(plain: unknown, cdata: unknown): string {
  const text = joinTexts(plain);
  if (cdata === undefined) return decodeEntities(text).trim();
  if (text.trim() !== '') throw new AnswerError('the answer mixes CDATA and text');
  return joinTexts(cdata).replace(/^[\r\n]+|[\r\n]+$/g, '');
}

function joinTexts(value: unknown): string {
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  return parts.filter((part) => typeof part === 'string').join('');
}

const PREDEFINED = new Map(Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }));

/** The five entities of XML 1.0 (section 4.6) and character references. Any other is undeclared without a DTD. */
function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (_match, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return PREDEFINED.get(name) ?? refuseEntity();
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : refuseEntity();
    },
  );
}

function refuseEntity(): never {
  throw new AnswerError('the answer has an entity that XML does not define');
}

/** `Array.isArray` does not narrow readonly arrays away. */
export function isList(node: XmlNode): node is readonly XmlNode[] {
  return Array.isArray(node);
}
