import { installPackages, listInstalledPackages, removePackages } from "@switchyard/host";
import { HostError, type InstalledPackage, meetsSpec, missingPackages } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

interface State {
  /** Specs for which nothing is installed. */
  readonly missing: readonly string[];
}

/** `NAME-VERSION-RELEASE.ARCH` for rpm, which may hold several versions of one name; the name for dpkg. */
const removable = (family: "rhel" | "debian", each: InstalledPackage): string =>
  family === "rhel" ? `${each.name}-${each.version}.${each.architecture}` : each.name;

/**
 * Takes away what was missing before and is there now. What came along as a dependency stays: something else
 * may have begun to need it. So does a package that something now needs.
 */
async function takeBack(
  { host, say }: StepContext,
  family: "rhel" | "debian",
  missing: readonly string[],
): Promise<void> {
  const installed = await listInstalledPackages(host, family);
  const names = installed
    .filter((each) => missing.some((spec) => meetsSpec(each, spec)))
    .map((each) => removable(family, each));
  if (names.length === 0) return;
  try {
    await removePackages(host, family, names);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    say(`${names.join(", ")} stay installed: ${error.metadata["stderr"] ?? error.message}`);
  }
}

export const ensurePackages = ensure<"ensurePackages", State>({
  read: async ({ host }, { family, specs }) => ({
    missing: missingPackages(await listInstalledPackages(host, family), specs),
  }),
  isSatisfied: ({ missing }) => missing.length === 0,
  apply: ({ host }, { family }, { missing }) => installPackages(host, family, missing),
  undo: (context, { family }, { missing }) => takeBack(context, family, missing),
  failure: "PACKAGE_CHANGE_FAILED",
});
