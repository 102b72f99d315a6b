import { HostFileError } from "@switchyard/host";
import { SwitchyardError } from "@switchyard/model";

/** The thing is not there, or not any more since the inventory was read. */
const ABSENT_ERRNOS: ReadonlySet<string> = new Set(["ENOENT", "ENODEV", "ENXIO", "ENOTDIR"]);
const ABSENT_REASONS: ReadonlySet<string> = new Set(["COMMAND_NOT_STARTED", "OVS_NOT_RUNNING"]);
/**
 * A netdev without counters, or that is gone since.
 *
 * @see ethtool(8), status 94 and 75; iproute2 `Cannot find device`
 */
const ABSENT_TEXT = /no stats available|No such device|Cannot find device|cannot read pidfile/;

/** Whether an error says that there is nothing to be read, which is no failure of the source. */
export function isAbsence(error: unknown): boolean {
  if (error instanceof HostFileError) return ABSENT_ERRNOS.has(error.errno);
  if (!(error instanceof SwitchyardError)) return false;
  if (ABSENT_REASONS.has(error.reason)) return true;
  return error.reason === "COMMAND_FAILED" && ABSENT_TEXT.test(error.metadata["stderr"] ?? "");
}

/** Whether the host refused: anything else is a bug. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof HostFileError || error instanceof SwitchyardError;
