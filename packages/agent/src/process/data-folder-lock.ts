import { join } from "node:path";
import { type FileLock, takeFileLock } from "@switchyard/host";
import { HostError } from "@switchyard/model";
import { type Logger, systemClock } from "@switchyard/runtime";

/** Longer than the unit that restores may take; see deploy/systemd/switchyard-restore.service. */
const WAIT_MS = 20 * 60_000;

const lockPath = (dataFolder: string): string => join(dataFolder, "lock");

/**
 * The lock under which one process alone uses the data folder and changes the host: an agent, or the unit
 * that restores after a boot. Waits for the other one.
 *
 * @returns undefined when told to stop meanwhile
 * @throws HostError FILE_ACCESS_FAILED, also when the other one does not let go
 */
export async function takeDataFolder(
  { dataFolder }: { readonly dataFolder: string },
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<FileLock | undefined> {
  const atOnce = await tryDataFolder(dataFolder);
  if (atOnce !== undefined) return atOnce;
  const path = lockPath(dataFolder);
  log.info({ path }, "another process works on this host; waiting for it");
  const lock = await takeFileLock(path, { clock: systemClock, timeoutMs: WAIT_MS, signal });
  if (lock !== undefined || signal.aborted) return lock;
  throw new HostError("FILE_ACCESS_FAILED", `${path} is held by another process`, {
    needs: "one agent on this host",
    try: `fuser -v ${path}`,
  });
}

/** @returns undefined while another process has it */
export const tryDataFolder = (dataFolder: string): Promise<FileLock | undefined> =>
  takeFileLock(lockPath(dataFolder), { clock: systemClock, timeoutMs: 0 });
