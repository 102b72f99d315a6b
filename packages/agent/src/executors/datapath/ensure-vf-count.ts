import { readVfCount, writeVfCount } from "@switchyard/host";
import { findPf, HostError, type Pf } from "@switchyard/model";
import type { Devices } from "../../inventory/read-devices.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { readVfSettings, restoreVfSettings, type VfSetting } from "./vf-settings.ts";

const VF_APPEAR_TIMEOUT_MS = 300_000;
const VF_APPEAR_INTERVAL_MS = 500;

interface State {
  readonly count: number;
  /** Of VFs that are to go; absent in journals of older agents. */
  readonly settings?: readonly VfSetting[];
}

/** From one non-zero count to another it passes through zero: the kernel answers EBUSY otherwise. */
async function writeCount(
  context: StepContext,
  path: string,
  counts: { readonly from: number; readonly to: number },
): Promise<void> {
  if (counts.from === counts.to) return;
  if (counts.from > 0 && counts.to > 0) await writeVfCount(context.host, path, 0);
  await writeVfCount(context.host, path, counts.to);
}

/** A count taken by the kernel is not yet a VF one can use: udev and the driver come after it. */
async function awaitVfs(context: StepContext, address: Pf["pciAddress"], count: number) {
  const pfIn = (devices: Devices) => findPf(devices, address)?.pf;
  const pf = await waitUntil(context, {
    timeoutMs: VF_APPEAR_TIMEOUT_MS,
    intervalMs: VF_APPEAR_INTERVAL_MS,
    read: async () => pfIn(await context.topology.renewed()),
    isDone: (seen) => seen !== undefined && hasAll(seen, count),
  });
  if (pf !== undefined && hasAll(pf, count)) return;
  throw new HostError("VF_CREATION_FAILED", `the VFs of ${address} did not all appear`, {
    found: `${pf?.vfs.length ?? 0} VFs, ${pf?.vfs.filter(hasRepresentor).length ?? 0} representors`,
    needs: `${count} VFs`,
  });
}

const hasRepresentor = (vf: Pf["vfs"][number]): boolean => vf.representor !== undefined;

const hasAll = (pf: Pf, count: number): boolean =>
  pf.vfs.length === count && (pf.eswitchMode === "legacy" || pf.vfs.every(hasRepresentor));

export const ensureVfCount = ensure<"ensureVfCount", State>({
  read: async (context, { pf, numVfsPath, count: wanted }) => {
    const count = await readVfCount(context.host, numVfsPath);
    const isDoomed = count > 0 && count !== wanted;
    return { count, settings: isDoomed ? await readVfSettings(context, pf) : [] };
  },
  isSatisfied: (state, { count }) => state.count === count,
  apply: async (context, { pf, numVfsPath, count }, state) => {
    await writeCount(context, numVfsPath, { from: state.count, to: count });
    await awaitVfs(context, pf, count);
  },
  undo: async (context, { pf, numVfsPath }, before) => {
    const from = await readVfCount(context.host, numVfsPath);
    await writeCount(context, numVfsPath, { from, to: before.count });
    const { settings = [] } = before;
    if (settings.length === 0) return;
    await awaitVfs(context, pf, before.count);
    await restoreVfSettings(context, pf, settings);
  },
  failure: "VF_CREATION_FAILED",
  movesDevices: true,
});
