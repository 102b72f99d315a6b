import {
  allowsNicSriov,
  type BiosAttributes,
  type Finding,
  type Inventory,
  type Pf,
  SRIOV_EN,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { selectUplink, viewPfs } from "../datapath/pf-view.ts";
import { findNicFunction } from "./nic-functions.ts";
import type { SectionContext } from "./section.ts";

/**
 * BIOS settings that show in Linux: the CPU's flags for VT-x, and VFs on any card for SR-IOV. None in a
 * lab, whose machines have no BIOS of that kind.
 */
export function seenFromLinux(observed: Inventory): BiosAttributes {
  if (observed.hostKind === "lab") return {};
  const pfs = viewPfs(observed).map(({ pf }) => pf);
  const sriov = pfs.length === 0 ? undefined : sriovOf(observed, pfs);
  return {
    ProcVirtualization: observed.cpu.hasVirtualization ? "Enabled" : "Disabled",
    ...(sriov !== undefined && { SriovGlobalEnable: sriov }),
  };
}

/** Undefined where the cards' own firmware may be what keeps VFs away. */
function sriovOf(observed: Inventory, pfs: readonly Pf[]): "Enabled" | "Disabled" | undefined {
  if (pfs.some(({ totalVfs }) => totalVfs > 0)) return "Enabled";
  return pfs.every((pf) => allowsVfs(observed, pf)) ? "Disabled" : undefined;
}

function allowsVfs(observed: Inventory, { pciAddress }: Pf): boolean {
  const configs = observed.nics.flatMap(({ firmwareFacts }) => firmwareFacts?.config ?? []);
  const own = configs.find(({ pf }) => pf === pciAddress);
  return (
    own?.parameters.find(({ name }) => name === SRIOV_EN)?.current?.startsWith("True") === true
  );
}

/** What a datapath can't do without. */
export function biosOffFindings({ host, desired, observed }: SectionContext): readonly Finding[] {
  const { bmc } = observed;
  const facts = bmc?.facts;
  const settings = facts?.biosAttributes ?? seenFromLinux(observed);
  const byWhom = facts === undefined ? "as Linux shows it" : `as the BMC at ${bmc?.address} says`;
  const isOff = (name: string) => settings[name] === "Disabled";
  const uplink = desired.datapath && selectUplink(viewPfs(observed), desired.datapath.uplink);
  const needsSriov = uplink !== undefined && uplink.pf.totalVfs === 0;
  return [
    ...(isOff("ProcVirtualization") ? [virtualizationOff(host, byWhom)] : []),
    ...(needsSriov && isOff("SriovGlobalEnable") ? [sriovOff(host, byWhom)] : []),
  ];
}

const virtualizationOff = (host: string, byWhom: string): Finding =>
  errorFinding("BIOS_VIRTUALIZATION_OFF", {
    message: `virtualisation is off in the BIOS of ${host}`,
    found: `ProcVirtualization=Disabled, ${byWhom}`,
    needs: "ProcVirtualization=Enabled",
  });

const sriovOff = (host: string, byWhom: string): Finding =>
  errorFinding("BIOS_SRIOV_OFF", {
    message: `SR-IOV is off in the BIOS of ${host}`,
    found: `SriovGlobalEnable=Disabled, ${byWhom}`,
    needs: "SriovGlobalEnable=Enabled",
  });

/**
 * SR-IOV that the uplink's NIC keeps off in its own setup, and that the plan leaves so. An error where the
 * card's firmware allows it; a warning where the card's own SRIOV_EN is off as well, because on some cards
 * both are one setting.
 *
 * @param after the host once the boot brought all settings
 */
export function nicOffFindings(
  { host, desired, observed }: SectionContext,
  after: Inventory,
): readonly Finding[] {
  const uplink = desired.datapath && selectUplink(viewPfs(observed), desired.datapath.uplink);
  if (uplink === undefined || uplink.pf.totalVfs > 0) return [];
  const nicFunction = findNicFunction(after.bmc?.facts?.nicFunctions ?? [], uplink.pf);
  if (nicFunction === undefined || allowsNicSriov(nicFunction.mode)) return [];
  const make = allowsVfs(observed, uplink.pf) ? errorFinding : warningFinding;
  return [
    make("NIC_SRIOV_OFF", {
      message: `SR-IOV is off in the setup of ${uplink.pf.link.netdev} of ${host}`,
      found: `${nicFunction.id} VirtualizationMode=${nicFunction.mode}, as the BMC says`,
      needs: "VirtualizationMode=SRIOV",
    }),
  ];
}
