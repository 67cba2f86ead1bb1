/** An element as the simplest strict reader sees it: names in lower case and without prefix, values decoded and trimmed. */
export interface PlainElement {
  name: string;
  attributes: Map<string, string>;
  children: PlainElement[];
  text: string;
}

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/="'&?!]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*?)(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /\s+([^\s<>/="'&]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/gy;

/**
 * A second opinion on what an answer says, written apart from the code under test and for tests only: null for anything
 * but one well-formed element without a DTD.
 */
export function readPlainXml(text: string): PlainElement | null {
  const top: PlainElement = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [top];
  let position = 0;
  for (const token of text.matchAll(TOKEN)) {
    position += token[0].length;
    if (!take(token, open)) return null;
  }
  const isWhole = position === text.length && open.length === 1 && top.text.trim() === '';
  return isWhole && top.children.length === 1 ? (top.children[0] ?? null) : null;
}

/** Takes one token in. @returns false where no XML goes on. */
function take(token: RegExpExecArray, open: PlainElement[]): boolean {
  const [, cdata, slash, name, attributes = '', selfClosing, plain] = token;
  const parent = open.at(-1);
  if (parent === undefined) return false;
  if (name === undefined) {
    parent.text += cdata ?? decode(plain ?? '');
    return true;
  }
  if (slash === '/') return open.length > 1 && open.pop()?.name === bare(name);
  const values = readAttributes(attributes);
  if (values === null) return false;
  const child = { name: bare(name), attributes: values, children: [], text: '' };
  parent.children.push(child);
  if (selfClosing !== '/') open.push(child);
  return true;
}

function bare(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

function readAttributes(text: string): Map<string, string> | null {
  const values = new Map<string, string>();
  let position = 0;
  for (const [all, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    position += all.length;
    values.set(bare(name), decode(double ?? single ?? '').trim());
  }
  return text.slice(position).trim() === '' ? values : null;
}

const NAMED = new Map(Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }));

function decode(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w+);/gi, (all, name: string) => {
    if (!name.startsWith('#')) return NAMED.get(name) ?? all;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : all;
  });
}

/** The element and all below it. */
export function listElements(element: PlainElement): PlainElement[] {
  return [element, ...element.children.flatMap(listElements)];
}

/** Children of that name. */
export function childrenOf(element: PlainElement, name: string): PlainElement[] {
  return element.children.filter((child) => child.name === name);
}
