import type { InstalledPackage } from "@switchyard/model";

/**
 * Reads what `packageQuery` prints. Keys that rpm was told to trust are listed as packages without an
 * architecture and left out, as is what dpkg removed and left configuration of.
 */
export const parseInstalledPackages = (text: string): readonly InstalledPackage[] =>
  text.split("\n").flatMap((line) => {
    const [name, version, architecture, state] = line.split(" ");
    if (name === undefined || version === undefined || architecture === undefined) return [];
    return state === "installed" && architecture !== "(none)"
      ? [{ name, version, architecture }]
      : [];
  });

interface IniSection {
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
}

function parseIni(text: string): readonly IniSection[] {
  const sections: { name: string; values: Map<string, string> }[] = [];
  for (const line of text.split("\n")) {
    const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (name !== undefined) sections.push({ name, values: new Map() });
    const pair = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (pair !== null) sections.at(-1)?.values.set(pair[1] as string, pair[2] as string); // both groups matched
  }
  return sections;
}

const NO = new Set(["0", "no", "false", "off"]);

/** Ids of the enabled repositories in a `.repo` file; `enabled` is yes where it is left out. @see dnf.conf(5) */
export const parseDnfRepositories = (text: string): readonly string[] =>
  parseIni(text)
    .filter(({ values }) => !NO.has((values.get("enabled") ?? "1").toLowerCase()))
    .map(({ name }) => name);

/** Whether a file of `sources.list.d` has a repository that is not switched off. @see sources.list(5) */
export function hasAptRepository(name: string, text: string): boolean {
  if (name.endsWith(".list")) return /^\s*deb\s/m.test(text);
  return text
    .split(/\n\s*\n/)
    .some((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && !/^Enabled:\s*no\s*$/im.test(stanza));
}

/**
 * Release that a meta-package such as `linux-image-amd64` depends on, of the first stanza: the newest version
 * comes first. @see apt-cache(8), show
 */
export const parseKernelDependency = (text: string): string | undefined =>
  /^Depends:.*?\blinux-image-(\d[^\s,()]*)/m.exec(text)?.[1];
