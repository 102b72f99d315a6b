import type { Host } from "../../port/host.ts";
import { readFileSize } from "../artefact/artefact.ts";

const VSWITCHD_LOG = "/var/log/openvswitch/ovs-vswitchd.log";
/** What is read of the log: its end. */
const LOG_BYTES_MAX = 64 * 1024;

/**
 * The last whole lines of ovs-vswitchd's log, oldest first; none where it writes none.
 *
 * @throws HostFileError; CommandError COMMAND_FAILED
 */
export async function readVswitchdLog(host: Host): Promise<readonly string[]> {
  if (!(await host.exists(VSWITCHD_LOG))) return [];
  const size = await readFileSize(host, VSWITCHD_LOG);
  if (size === 0) return [];
  const start = Math.max(0, size - LOG_BYTES_MAX);
  const bytes = await host.readRange(VSWITCHD_LOG, start, LOG_BYTES_MAX);
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  // A read from the middle begins within a line.
  return (start === 0 ? lines : lines.slice(1)).filter((line) => line.trim() !== "");
}
