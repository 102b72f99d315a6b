/** A package as a repository offers it. */
export interface SimPackage {
  readonly name: string;
  /** `VERSION-RELEASE`, or Debian's version. */
  readonly version: string;
  readonly architecture: string;
  /** Names of packages it pulls in. */
  readonly requires: readonly string[];
  /** Programs that are there only with it. */
  readonly programs: readonly string[];
  /** Several versions may be installed side by side. */
  readonly isInstallOnly: boolean;
}

/** `rpm -q` form: `NAME-VERSION-RELEASE.ARCH`. */
export const nevra = ({ name, version, architecture }: SimPackage): string =>
  `${name}-${version}.${architecture}`;

/**
 * Reads a table of packages: name, version, architecture; then `+name` for what it pulls in and `/name` for a
 * program it brings.
 */
export const packageTable = (text: string): readonly SimPackage[] =>
  text
    .trim()
    .split("\n")
    .map((line) => {
      const [name = "", version = "", architecture = "", ...rest] = line.trim().split(/\s+/);
      const after = (mark: string) =>
        rest.filter((word) => word.startsWith(mark)).map((word) => word.slice(1));
      const own = { name, version, architecture };
      return { ...own, requires: after("+"), programs: after("/"), isInstallOnly: false };
    });
