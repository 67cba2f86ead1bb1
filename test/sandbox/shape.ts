import { readFileSync } from 'node:fs';

const SHAPES = new URL('../fixtures/namecheap/shapes/', import.meta.url);
const TOKEN = /<!\[CDATA\[[^]*?\]\]>|<(\/?)([A-Za-z]+)((?: [A-Za-z:]+="[^"]*")*)\s*(\/?)>/gu;

interface Level {
  path: string;
  /** How often each name was met below it. */
  children: Map<string, number>;
}

/**
 * What an answer is made of, without its values: the path of every element, with ` *` where there are several of it side
 * by side, each attribute as `path@name`, and `path#cdata` where there is CDATA.
 */
export function readShape(xml: string): string[] {
  const shape = new Set<string>();
  const open: Level[] = [{ path: '', children: new Map() }];
  for (const [token, end, name, attributes = '', empty] of xml.matchAll(TOKEN)) {
    const parent = open.at(-1) ?? { path: '', children: new Map<string, number>() };
    if (name === undefined) {
      shape.add(`${parent.path}#cdata`);
    } else if (end === '/') {
      if (!parent.path.endsWith(`/${name}`)) throw new Error(`${token} closes ${parent.path}`);
      open.pop();
    } else {
      const path = `${parent.path}/${name}`;
      const count = (parent.children.get(name) ?? 0) + 1;
      parent.children.set(name, count);
      shape.add(count > 1 ? `${path} *` : path);
      for (const [, attribute = ''] of attributes.matchAll(/ ([A-Za-z:]+)=/gu))
        shape.add(`${path}@${attribute}`);
      if (empty !== '/') open.push({ path, children: new Map() });
    }
  }
  return [...shape].sort();
}

/** The documented shape of an answer, as our own fixture of it has it. */
export function readDocumentedShape(name: string): string[] {
  return readShape(readFileSync(new URL(`${name}.xml`, SHAPES), 'utf8'));
}
