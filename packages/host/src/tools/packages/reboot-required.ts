import type { Argv, DistroFamily } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { commandError, readOptional } from "../tool.ts";

/** Reads the whole package database in Python. */
const NEEDS_RESTARTING_TIMEOUT_MS = 60_000;

/** @see needs-restarting(1), of dnf-plugins-core */
export const needsRestarting = (): Argv => ["needs-restarting", "-r"];

/** Written by hooks of packages of Debian and Ubuntu. @see update-notifier, unattended-upgrades */
const REQUIRED = "/run/reboot-required";
/** Without one of these nobody writes the file, and its absence says nothing. */
const WRITERS = [
  "/etc/kernel/postinst.d/unattended-upgrades",
  "/usr/share/update-notifier/notify-reboot-required",
];

/** Packages named at most: the core of a distribution has fewer. */
const PACKAGES_MAX = 50;

/**
 * What was updated since the boot and comes into force only with the next one, by package; empty for nothing.
 * Undefined where the distribution does not keep track.
 *
 * @throws CommandError COMMAND_NOT_STARTED, COMMAND_FAILED (needs-restarting says neither)
 */
export const readRebootRequired = (
  host: Host,
  family: DistroFamily,
): Promise<readonly string[] | undefined> =>
  family === "rhel" ? askNeedsRestarting(host) : readRequiredFile(host);

/** Status 1 and a list for yes, 0 for no. */
async function askNeedsRestarting(host: Host): Promise<readonly string[]> {
  const argv = needsRestarting();
  const result = await host.run({ argv, timeoutMs: NEEDS_RESTARTING_TIMEOUT_MS });
  if (result.exitCode === 0) return [];
  const names = [...result.stdout.matchAll(/^ {2}\* (\S+)/gm)].map(([, name]) => name as string); // one group
  if (names.length === 0) throw commandError(argv, result);
  return names.slice(0, PACKAGES_MAX);
}

async function readRequiredFile(host: Host): Promise<readonly string[] | undefined> {
  if (await host.exists(REQUIRED)) {
    const names = ((await readOptional(host, `${REQUIRED}.pkgs`)) ?? "").split("\n");
    const known = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))];
    return known.length === 0 ? ["a package"] : known.sort().slice(0, PACKAGES_MAX);
  }
  for (const writer of WRITERS) if (await host.exists(writer)) return [];
  return undefined;
}
