import { type DistroFamily, initramfsPath, rebuildInitramfs } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { inOwnScope } from "../scope.ts";
import { hostError } from "../tool.ts";
import { modificationTimes } from "./commands.ts";
import { parseModificationTimes } from "./parse.ts";

/** Compressing a hundred megabytes on a busy host. */
const REBUILD_TIMEOUT_MS = 15 * 60_000;

/**
 * Whether a kernel's initramfs was made after its modules last changed: depmod writes modules.dep with every
 * module that comes or goes. Undefined where one of the two files can't be seen.
 */
export async function isInitramfsCurrent(
  host: Host,
  family: DistroFamily,
  kernelRelease: string,
): Promise<boolean | undefined> {
  const image = initramfsPath(family, kernelRelease);
  const modules = `/lib/modules/${kernelRelease}/modules.dep`;
  const { stdout } = await host.run({ argv: modificationTimes([image, modules]) });
  const times = parseModificationTimes(stdout);
  const [made, changed] = [times.get(image), times.get(modules)];
  return made === undefined || changed === undefined ? undefined : made >= changed;
}

/**
 * Makes a kernel's initramfs anew, from the modules on disk. In a scope of its own: one cut short does not
 * boot. May run twice.
 *
 * @throws HostError INITRAMFS_FAILED; CommandError COMMAND_TIMED_OUT
 */
export async function makeInitramfs(
  host: Host,
  family: DistroFamily,
  kernelRelease: string,
): Promise<void> {
  const argv = rebuildInitramfs(family, kernelRelease);
  const scoped = await inOwnScope(host, argv);
  const result = await host.run({ argv: scoped, timeoutMs: REBUILD_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `the initramfs of ${kernelRelease} can't be made`;
  throw hostError({ reason: "INITRAMFS_FAILED", message, argv, result });
}
