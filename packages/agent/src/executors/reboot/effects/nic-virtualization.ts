import { findLastNicJob, type RedfishConnection, readNicModeState } from "@switchyard/host";
import { formatNicModes, type NicModeWish } from "@switchyard/model";
import { askBmc } from "../../../bmc/ask-bmc.ts";
import { waitUntil } from "../../executor.ts";
import type { EffectReader } from "./effect-reader.ts";

/** As for BIOS settings: what the BMC shows may lag behind by minutes. */
const SETTLE_TIMEOUT_MS = 300_000;
const SETTLE_INTERVAL_MS = 10_000;

interface Missing {
  readonly wish: NicModeWish;
  readonly mode: string;
}

async function findMissing(
  connection: RedfishConnection,
  functions: readonly NicModeWish[],
): Promise<readonly Missing[]> {
  const missing: Missing[] = [];
  for (const wish of functions) {
    const { mode = "absent" } = await readNicModeState(connection, wish);
    if (mode !== wish.mode) missing.push({ wish, mode });
  }
  return missing;
}

/** What is in force is read, not how the jobs ended. Waits while modes still lag behind the boot. */
export const nicVirtualization: EffectReader<"nic-virtualization"> = async (
  context,
  { functions },
) => {
  const missing = await waitUntil(context, {
    timeoutMs: SETTLE_TIMEOUT_MS,
    intervalMs: SETTLE_INTERVAL_MS,
    read: () => askBmc(context, (connection) => findMissing(connection, functions)),
    isDone: (left) => left.length === 0,
  });
  const [first] = missing;
  if (first === undefined) return undefined;
  const job = await askBmc(context, (connection) => findLastNicJob(connection, first.wish.id));
  const stands = job === undefined ? "no job left" : `${job.id} ${job.state}: ${job.message}`;
  const actual = missing.map(({ wish: { id }, mode }) => ({ id, mode }));
  return {
    found: `${formatNicModes(actual)}; ${stands}`,
    needs: formatNicModes(missing.map(({ wish }) => wish)),
  };
};
