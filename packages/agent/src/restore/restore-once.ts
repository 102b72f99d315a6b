import { readBootId } from "@switchyard/host";
import { HostError, type RestoreReport } from "@switchyard/model";
import { type CrashPoint, noCrash } from "../jobs/crash-point.ts";
import { openLedger } from "../ledger/ledger.ts";
import type { LedgerStorage } from "../ledger/storage.ts";
import { type RestorerParts, restoreDatapath } from "./restorer.ts";

export type RestoreOnceOptions = Omit<RestorerParts, "ledger" | "bootId" | "crash"> & {
  readonly storage: LedgerStorage;
  readonly crash?: CrashPoint;
};

/**
 * What the agent does before it asks for the bus, and the unit without the agent. Must not run while another
 * process has the ledger open; may run twice.
 *
 * @returns undefined when nothing was kept, a job waits for the agent to go on, or told to stop
 * @throws HostError LEDGER_CORRUPT, LEDGER_FULL, FILE_ACCESS_FAILED
 */
export async function restoreOnce(
  { storage, crash = noCrash, ...parts }: RestoreOnceOptions,
  stopping: AbortSignal,
): Promise<RestoreReport | undefined> {
  const ledger = await openLedger({ storage, log: parts.log });
  if (ledger.trouble === "LEDGER_CORRUPT") {
    throw new HostError("LEDGER_CORRUPT", "what was applied last can't be read");
  }
  try {
    const bootId = await readBootId(parts.host);
    if (ledger.state.bootId !== bootId) await ledger.append([{ kind: "boot", bootId }]);
    return await restoreDatapath({ ...parts, ledger, bootId, crash }, stopping);
  } finally {
    await ledger.close();
  }
}
