/** An element of a document that was read. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  apos: "'",
  quot: '"',
};

const unescapeXml = (text: string): string =>
  text.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);

/** A tag, a comment or a declaration, or the text before the next one. */
const TOKEN =
  /<!--.*?-->|<\?.*?\?>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:'[^']*'|"[^"]*"))*)\s*(\/?)>|([^<]+)/gsy;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")/g;

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlNode[];
  text: string;
}

const readAttributes = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, key = "", single, double]) => [
      key,
      unescapeXml(single ?? double ?? ""),
    ]),
  );

/** Reads a document without DTDs and CDATA, as people write domains; undefined where it is not well-formed. */
export function parseXml(text: string): XmlNode | undefined {
  const top: Open = { name: "", attributes: new Map(), children: [], text: "" };
  const open: Open[] = [top];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, slash, name, attributes, selfClosing, words] = match;
    end += whole.length;
    const here = open.at(-1) as Open; // the top is never closed
    if (words !== undefined) here.text += unescapeXml(words);
    if (name === undefined) continue;
    if (slash === "/") {
      if (open.length < 2 || here.name !== name) return undefined;
      open.pop();
      continue;
    }
    const element: Open = {
      name,
      attributes: readAttributes(attributes ?? ""),
      children: [],
      text: "",
    };
    here.children.push(element);
    if (selfClosing !== "/") open.push(element);
  }
  return end === text.length && open.length === 1 ? top.children[0] : undefined;
}

export const childrenOf = (node: XmlNode | undefined, name: string): readonly XmlNode[] =>
  node?.children.filter((child) => child.name === name) ?? [];

/** The element at the end of the path, the first of each name. */
export const findNode = (
  node: XmlNode | undefined,
  ...path: readonly string[]
): XmlNode | undefined =>
  path.reduce<XmlNode | undefined>((at, name) => childrenOf(at, name)[0], node);

export const attributeOf = (node: XmlNode | undefined, name: string): string | undefined =>
  node?.attributes.get(name);

export const textOf = (node: XmlNode | undefined): string | undefined => node?.text.trim();
