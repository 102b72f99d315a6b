import type { Host } from "../../port/host.ts";
import { parseNetlinkAnswer } from "../netlink.ts";
import { commandError, readJson } from "../tool.ts";
import { devlinkHealthDiagnose } from "./commands.ts";

/** The kernel's answers for a reporter, a port or a device that is not there, and for one that can't diagnose. */
const ABSENT: ReadonlySet<string> = new Set(["EINVAL", "ENODEV", "EOPNOTSUPP"]);

/**
 * What a reporter sees now, as it words it; undefined where there is no such reporter. Asks the card: seldom, no
 * oftener than every 10 s.
 *
 * @param handle of a device, `pci/0000:82:00.0`, or of one of its ports, `pci/0000:82:00.0/65535`
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 * @see torvalds/linux Documentation/networking/devlink/devlink-health.rst, net/devlink/health.c
 */
export async function findDiagnosis(
  host: Host,
  handle: string,
  reporter: string,
): Promise<unknown | undefined> {
  const argv = devlinkHealthDiagnose(handle, reporter);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return readJson(argv, result);
  const { errno = "" } = parseNetlinkAnswer(result.stderr);
  if (ABSENT.has(errno)) return undefined;
  throw commandError(argv, result);
}
