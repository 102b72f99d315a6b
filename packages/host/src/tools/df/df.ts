import { DISK_PATHS, type DiskSpace } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { commandError, runOptional } from "../tool.ts";
import { dfAvailable, dfSpace } from "./commands.ts";
import { parseAvailableBytes, parseDf } from "./parse.ts";

/** A file system of a server that is gone blocks df; it is not asked longer. */
const DF_TIMEOUT_MS = 10_000;
/** See {@link DiskSpace}. */
const ROUNDING_BYTES_MAX = 256 * 1024 ** 2;
const ROUNDING_SHARE = 1 / 32;

const roundedDown = (bytes: number, sizeBytes: number): number => {
  const step = Math.max(1, Math.min(ROUNDING_BYTES_MAX, Math.floor(sizeBytes * ROUNDING_SHARE)));
  return Math.floor(bytes / step) * step;
};

/** Bytes free where a folder lies; undefined where that can't be told. */
export async function readAvailableBytes(host: Host, folder: string): Promise<number | undefined> {
  const argv = dfAvailable(folder);
  const result = await runOptional(host, { argv, timeoutMs: DF_TIMEOUT_MS });
  return result?.exitCode === 0 ? parseAvailableBytes(result.stdout) : undefined;
}

/**
 * The file systems that Switchyard and the system write to, each once, by the first folder on it; room is rounded
 * down, so that a host does not look changed with each write.
 *
 * @throws CommandError COMMAND_FAILED (df tells nothing of any), COMMAND_NOT_STARTED, COMMAND_TIMED_OUT
 */
export const readDisks = async (host: Host): Promise<readonly DiskSpace[]> =>
  (await readDisksExactly(host)).map((disk) => ({
    ...disk,
    availableBytes: roundedDown(disk.availableBytes, disk.sizeBytes),
  }));

/** As {@link readDisks}, to the byte. @throws as `readDisks` */
export async function readDisksExactly(host: Host): Promise<readonly DiskSpace[]> {
  const argv = dfSpace(DISK_PATHS);
  const result = await host.run({ argv, timeoutMs: DF_TIMEOUT_MS });
  // Status 1 where one of the folders is absent, with a line for each of the others.
  const lines = parseDf(result.stdout);
  if (lines.length === 0) throw commandError(argv, result);
  return DISK_PATHS.flatMap((path) => {
    const line = lines.find(({ folder }) => folder === path);
    // One in memory that is not limited has no size.
    if (
      line === undefined ||
      line.sizeBytes === 0 ||
      lines.find(({ target }) => target === line.target) !== line
    )
      return [];
    return [{ path, sizeBytes: line.sizeBytes, availableBytes: line.availableBytes }];
  });
}
