/** One package as the host's package database has it. */
export interface InstalledPackage {
  readonly name: string;
  /** `VERSION-RELEASE` of rpm without the epoch, or Debian's version as it is. */
  readonly version: string;
  readonly architecture: string;
}

/** What may stand for a package in a profile and a step: letters, digits and `. _ + - ~ ^`. */
const PACKAGE_SPEC = /^[A-Za-z0-9][A-Za-z0-9+._~^-]{0,199}$/;

export const isPackageSpec = (text: string): boolean => PACKAGE_SPEC.test(text);

/**
 * Whether an installed package is the one that a spec means: its name, `NAME-VERSION-RELEASE`, or either with
 * `.ARCH` behind it, as dnf takes them. Debian's names hold the release already and equal the spec.
 */
export function meetsSpec(installed: InstalledPackage, spec: string): boolean {
  const { name, version, architecture } = installed;
  const full = `${name}-${version}`;
  return [name, full, `${name}.${architecture}`, `${full}.${architecture}`].includes(spec);
}

/** Specs for which nothing is installed, in the order given. */
export const missingPackages = (
  installed: readonly InstalledPackage[],
  specs: readonly string[],
): readonly string[] => specs.filter((spec) => !installed.some((each) => meetsSpec(each, spec)));
