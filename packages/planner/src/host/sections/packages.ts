import type { DistroProfile, Inventory, PackageRole } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensurePackages, ensureRepositories } from "../../steps/system-steps.ts";

/**
 * Packages of these names that are not installed, as far as the host said; undefined where it did
 * not say.
 */
export function findMissing(
  observed: Inventory,
  names: readonly string[],
): readonly string[] | undefined {
  const installed = observed.system?.packages;
  return installed && names.filter((name) => !Object.hasOwn(installed, name));
}

/**
 * Steps that bring what a role needs and the host lacks. Where it is not known what is installed,
 * all is asked for: the step then finds what is there.
 */
export function packageDrafts(
  observed: Inventory,
  distro: DistroProfile,
  wanted: { readonly role: PackageRole; readonly extra?: readonly string[] },
): readonly Draft[] {
  const names = distro.packages[wanted.role];
  const missing = [...(findMissing(observed, names) ?? names), ...(wanted.extra ?? [])];
  if (missing.length === 0) return [];
  const enabled = observed.system?.repositories ?? [];
  const repositories = (distro.repositoriesOf[wanted.role] ?? []).filter(
    (id) => !enabled.includes(id),
  );
  const sources = repositories.map((id) => ({ id, source: undefined }));
  return [
    ...(sources.length === 0 ? [] : [ensureRepositories(distro.family, sources)]),
    ensurePackages(distro.family, missing),
  ];
}
