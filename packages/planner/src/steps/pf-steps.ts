import {
  devlinkEswitchSet,
  type EswitchMode,
  modprobe,
  type Pf,
  pfClaimPath,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

export const ensureModules = (modules: readonly string[]): Draft =>
  draft(
    "ensureModules",
    { modules },
    { title: `Load ${modules.join(", ")}`, commands: modules.map((each) => run(modprobe(each))) },
  );

export const ensureEswitchMode = (pf: Pf, mode: EswitchMode): Draft =>
  draft(
    "ensureEswitchMode",
    { pf: pf.pciAddress, devlinkHandle: pf.devlinkHandle, mode },
    {
      title: `Switch ${pf.pciAddress} to ${mode} mode`,
      commands: [run(devlinkEswitchSet(pf.devlinkHandle, mode))],
      disruption: "datapath",
    },
  );

const vfs = (count: number): string => (count === 1 ? "1 VF" : `${count} VFs`);

function vfCountTitle(pf: Pf, from: number, to: number): string {
  if (to === 0) return `Remove the ${vfs(from)} of ${pf.pciAddress}`;
  if (from === 0) return `Create ${vfs(to)} on ${pf.pciAddress}`;
  return `Replace the ${vfs(from)} of ${pf.pciAddress} by ${to}`;
}

/**
 * @param count.from VFs there are when the step runs; the kernel answers EBUSY unless a change between two
 *   counts passes through zero
 */
export function ensureVfCount(
  pf: Pf,
  count: { readonly from: number; readonly to: number },
): Draft {
  const counts = count.from > 0 && count.to > 0 ? [0, count.to] : [count.to];
  return draft(
    "ensureVfCount",
    { pf: pf.pciAddress, numVfsPath: pf.numVfsPath, count: count.to },
    {
      title: vfCountTitle(pf, count.from, count.to),
      commands: counts.map((each) => write(pf.numVfsPath, String(each))),
      disruption: count.from > 0 ? "datapath" : "none",
    },
  );
}

/** Legacy mode does not show whose VFs they are, so a file says it. */
export const ensurePfClaim = (pf: Pf, isClaimed: boolean): Draft =>
  draft(
    "ensurePfClaim",
    { pf: pf.pciAddress, isClaimed },
    isClaimed
      ? {
          title: `Mark ${pf.pciAddress} as Switchyard's`,
          commands: [write(pfClaimPath(pf.pciAddress), "claimed")],
        }
      : {
          title: `Take Switchyard's mark off ${pf.pciAddress}`,
          commands: [run(["rm", pfClaimPath(pf.pciAddress)])],
        },
  );
