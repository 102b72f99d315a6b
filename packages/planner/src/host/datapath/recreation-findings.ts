import type { Finding, Inventory, Pf } from "@switchyard/model";
import { warningFinding } from "../../findings/finding.ts";
import { isLive, usesVf } from "../affected-vms.ts";
import type { DatapathContext } from "./datapath-findings.ts";

/**
 * Says plainly what a change of mode or VF count costs: the kernel knows no way from one count to another
 * but through zero. VMs that hold a VF block the plan by a finding of their own.
 */
export function recreationFindings(context: DatapathContext): readonly Finding[] {
  const { host, datapath, view, observed, recreatesVfs } = context;
  const { pf } = view;
  if (!recreatesVfs || pf.vfCount === 0) return [];
  const holders = holdersOf(observed, pf);
  const [first] = holders;
  return [
    warningFinding("VFS_RECREATED", {
      message: `${host} removes the ${pf.vfCount} VFs of ${pf.pciAddress} and makes ${datapath.vfCount} anew`,
      found: `${pf.vfCount} VFs, ${describeHolders(holders)}`,
      needs: `0 VFs on the way to ${datapath.vfCount}`,
      ...(first !== undefined && { fix: `swy vm delete ${first.vm}` }),
    }),
  ];
}

interface Holder {
  readonly vm: string;
  readonly index: number;
}

const holdersOf = (observed: Inventory, pf: Pf): readonly Holder[] =>
  pf.vfs.flatMap((vf) =>
    observed.vms
      .filter((vm) => isLive(vm) && usesVf(vm, vf))
      .map(({ vm }) => ({ vm, index: vf.index })),
  );

const describeHolders = (holders: readonly Holder[]): string =>
  holders.length === 0
    ? "none held by a VM"
    : `held: ${holders.map(({ vm, index }) => `VF ${index} by ${vm}`).join(", ")}`;
