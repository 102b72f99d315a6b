/** Architectures that may stand behind a package's name. */
const ARCHITECTURE = /^(x86_64|noarch|i686|amd64|all)$/;

/** Specs for which an inventory's packages have nothing: by name, with version, with architecture. */
export const missingNames = (
  packages: Readonly<Record<string, string>>,
  specs: readonly string[],
): readonly string[] => specs.filter((spec) => !isInstalled(packages, spec));

const isInstalled = (packages: Readonly<Record<string, string>>, spec: string): boolean =>
  Object.hasOwn(packages, spec) ||
  Object.entries(packages).some(([name, version]) => {
    const full = `${name}-${version}`;
    return spec === full || hasArchitecture(spec, full) || hasArchitecture(spec, name);
  });

const hasArchitecture = (spec: string, name: string): boolean =>
  spec.startsWith(`${name}.`) && ARCHITECTURE.test(spec.slice(name.length + 1));
