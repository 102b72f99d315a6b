/** An XML element with its attributes and what is in it; undefined attributes and children are left out. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly XmlElement[];
  readonly text: string | undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
};

const escapeXml = (text: string): string =>
  text.replace(/[&<>'"]/g, (character) => ESCAPES[character] ?? character);

/** @param content text, or the elements in it; undefined ones are left out */
export function xml(
  name: string,
  attributes: XmlElement["attributes"] = {},
  content: string | readonly (XmlElement | undefined)[] = [],
): XmlElement {
  const isText = typeof content === "string";
  const children = isText ? [] : content.flatMap((child) => child ?? []);
  return { name, attributes, children, text: isText ? content : undefined };
}

/** One element a line, two spaces deeper for each level. */
export function formatXml(element: XmlElement, indent = ""): string {
  const { name, attributes, children, text } = element;
  const pairs = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : ` ${key}='${escapeXml(value)}'`,
  );
  const open = `${indent}<${name}${pairs.join("")}`;
  if (text !== undefined) return `${open}>${escapeXml(text)}</${name}>\n`;
  if (children.length === 0) return `${open}/>\n`;
  const inner = children.map((child) => formatXml(child, `${indent}  `)).join("");
  return `${open}>\n${inner}${indent}</${name}>\n`;
}
