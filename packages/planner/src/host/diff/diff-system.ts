import {
  type HostDesired,
  type Inventory,
  missingArguments,
  missingInEntries,
  wantedArguments,
} from "@switchyard/model";
import { missingNames } from "../package-names.ts";
import type { FieldDifference } from "./diff-host.ts";

/** Fields of kernel and operating system; those that could not be read are left out. */
export function systemFields(
  { system: spec }: HostDesired,
  { os, system: facts }: Inventory,
): readonly FieldDifference[] {
  if (spec === undefined || facts === undefined) return [];
  const wanted = wantedArguments(spec);
  const { packages, repositories, modulesAtBoot, bootEntries, kernelArguments, newestKernel } =
    facts;
  const isKernelKnown = spec.updatesKernel && newestKernel !== undefined;
  return [
    ...(isKernelKnown
      ? [{ field: "system.kernel", observed: os.kernelRelease, desired: newestKernel }]
      : []),
    ...presence("system.boot_entries", bootEntries && missingInEntries(bootEntries, wanted)),
    ...presence(
      "system.kernel_arguments",
      kernelArguments && missingArguments(kernelArguments, wanted),
    ),
    ...presence(
      "system.repositories",
      repositories &&
        spec.repositories.map(({ id }) => id).filter((id) => !repositories.includes(id)),
    ),
    ...presence("system.packages", packages && missingNames(packages, spec.packages)),
    ...presence(
      "system.modules_at_boot",
      modulesAtBoot &&
        spec.modulesAtBoot.filter((each) => !modulesAtBoot.includes(each.replaceAll("-", "_"))),
    ),
  ];
}

/** One field for each thing that is missing. */
const presence = (
  field: string,
  missing: readonly string[] | undefined,
): readonly FieldDifference[] =>
  (missing ?? []).map((each) => ({
    field: `${field}[${each}]`,
    observed: "absent",
    desired: "present",
  }));
