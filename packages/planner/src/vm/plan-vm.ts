import {
  type Finding,
  findBridge,
  type HostPlan,
  type Inventory,
  type Ipv4Address,
  type ObservedVm,
  type VmDesired,
} from "@switchyard/model";
import { errorFinding } from "../findings/finding.ts";
import { isLive, usesDevice } from "../host/affected-vms.ts";
import { pairsOf } from "../host/datapath/build-up.ts";
import { fixedMacFinding } from "../host/datapath/datapath-findings.ts";
import { representorLink } from "../host/datapath/pf-view.ts";
import { findPort, isBroken } from "../host/datapath/ports.ts";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { ensureBridgePort, ensureLinkUp, ensureNoBridgePort } from "../steps/ovs-steps.ts";
import {
  ensureGuestAddress,
  ensureVmRunning,
  ensureVmStopped,
  noop,
  pingFromGuest,
} from "../steps/vm-steps.ts";
import { lintVm } from "./lint.ts";
import { diskDrafts, diskRemovalDrafts } from "./plan-image.ts";
import { findHolder, findSlot, hasFixedMac, type VmSlot, vdpaMacSteps } from "./slot.ts";

/** One plan for one VM on one host; same shape as a host's plan, and nobody else's VM is ever affected. */
export type VmPlan = HostPlan;

/**
 * Plans the start of a VM in the slot it was given. The guest's address can't be observed, so the step
 * that sets it is in every plan of a guest that has an agent; it may run twice.
 */
export function planVmStart(vm: VmDesired, observed: Inventory): VmPlan {
  const slot = findSlot(observed, vm);
  if (slot === undefined) return finishPlan({ drafts: [], findings: [slotAbsent(vm)] });
  const findings = [
    ...fixedMacFindings(vm, slot),
    ...holderFindings(vm, slot, observed),
    ...bridgeFindings(vm, observed),
    ...lintVm(vm.vm, vm.spec, {
      ...(slot.vf.vdpa !== undefined && { maxVqp: pairsOf(slot.vf.vdpa) }),
      iommuGroupCount: observed.iommuGroupCount,
    }),
  ];
  const { accelerator } = observed;
  const guestAddress = vm.spec.hasGuestAgent
    ? [ensureGuestAddress(vm.vm, vm.allocation, accelerator)]
    : [];
  if (isRunningHere(vm, slot, observed)) return finishPlan({ drafts: guestAddress, findings });
  const device = vdpaMacSteps(observed, slot, vm.allocation.mac);
  const vhostPath = device.length === 0 ? slot.vf.vdpa?.vhostPath : undefined;
  const place = { accelerator, vhostPath: vhostPath ?? `<vhost-vdpa of VF ${slot.vf.pciAddress}>` };
  return finishPlan({
    drafts: [
      ...diskDrafts(vm),
      ...device,
      ...representorSteps(vm, slot, observed),
      ensureVmRunning(vm, place),
      ...guestAddress,
    ],
    findings,
  });
}

/** Plans the end of a VM: its process goes, and its slot gets back the MAC it had before. */
export function planVmDelete(vm: VmDesired, observed: Inventory): VmPlan {
  const slot = findSlot(observed, vm);
  const isKnown = observed.vms.some((other) => other.vm === vm.vm);
  return finishPlan({
    drafts: [
      ...(isKnown ? [ensureVmStopped(vm.vm)] : []),
      ...diskRemovalDrafts(vm),
      ...(slot === undefined ? [] : vdpaMacSteps(observed, slot, vm.slotMac)),
    ],
    findings: slot === undefined ? [] : holderFindings(vm, slot, observed),
  });
}

/** Plans pings from inside a guest; observes only. */
export function planPing(
  ping: { readonly vm: string; readonly target: Ipv4Address; readonly count: number },
  observed: Inventory,
): VmPlan {
  const vm = observed.vms.find((other) => other.vm === ping.vm);
  const isRunning = vm?.state === "running";
  return finishPlan({
    drafts: [pingFromGuest(ping.vm, ping.target, ping.count)],
    findings: isRunning ? [] : [notRunning(ping.vm, vm)],
  });
}

/** One step that touches nothing; for measuring dispatch. */
export const planNoop = (): VmPlan => finishPlan({ drafts: [noop()], findings: [] });

function isRunningHere(vm: VmDesired, { vf }: VmSlot, observed: Inventory): boolean {
  const device = vf.vdpa;
  const process = observed.vms.find((other) => other.vm === vm.vm && isLive(other));
  return process !== undefined && device !== undefined && usesDevice(process, device);
}

/** The representor is up and in the network's bridge: the VF has no link and no path without. */
function representorSteps(vm: VmDesired, slot: VmSlot, observed: Inventory): readonly Draft[] {
  const { bridge } = vm.allocation;
  const link = representorLink(slot.view, slot.vf.index, slot.vf);
  const place = findPort(observed, link.name);
  const isPlugged = place?.bridge.name === bridge && !isBroken(place.port);
  return [
    ...(place === undefined || isPlugged ? [] : [ensureNoBridgePort(place.bridge.name, link)]),
    ...(isPlugged ? [] : [ensureBridgePort(bridge, link)]),
    ...(slot.vf.representor?.isUp ? [] : [ensureLinkUp(link)]),
  ];
}

function fixedMacFindings(vm: VmDesired, slot: VmSlot): readonly Finding[] {
  const { vf } = slot;
  if (!hasFixedMac(slot)) return [];
  const fixed = vf.fixedMac ?? vf.vdpa?.mac;
  const wanted = vm.allocation.mac;
  if (fixed === undefined || fixed === wanted) return [];
  return [fixedMacFinding(vm.vm, { vf: `VF ${vf.pciAddress}`, fixed, wanted })];
}

function holderFindings(vm: VmDesired, { vf }: VmSlot, observed: Inventory): readonly Finding[] {
  const holder = vf.vdpa === undefined ? undefined : findHolder(observed, vf.vdpa, vm.vm);
  if (holder === undefined) return [];
  return [
    errorFinding("DEVICE_BUSY", {
      message: `${vm.vm} can't have VF ${vf.pciAddress}`,
      found: `VM ${holder.vm} uses it`,
      needs: "a vDPA device that nobody has open",
      fix: `swy vm get ${holder.vm}`,
    }),
  ];
}

function bridgeFindings({ vm, allocation }: VmDesired, observed: Inventory): readonly Finding[] {
  if (observed.ovs?.isRunning !== true) {
    return [
      errorFinding("OVS_NOT_RUNNING", {
        message: `${vm} can't be plugged in`,
        found: "Open vSwitch does not answer",
        needs: "a running Open vSwitch",
      }),
    ];
  }
  if (findBridge(observed, allocation.bridge) !== undefined) return [];
  return [
    errorFinding("DEVICE_ABSENT", {
      message: `${vm} can't be plugged in`,
      found: `no bridge ${allocation.bridge}`,
      needs: "the bridge of the VM's network",
      fix: `swy plan create --host ${allocation.host}`,
    }),
  ];
}

const slotAbsent = ({ vm, allocation }: VmDesired): Finding =>
  errorFinding("DEVICE_ABSENT", {
    message: `${vm} has lost its slot`,
    found: `no VF ${allocation.vfIndex} on ${allocation.pf}`,
    needs: "the VF that was allocated to the VM",
    fix: `swy plan create --host ${allocation.host}`,
  });

const notRunning = (vm: string, observed: ObservedVm | undefined): Finding =>
  errorFinding("VM_NOT_RUNNING", {
    message: `${vm} can't send pings`,
    found: observed === undefined ? "no process" : `state ${observed.state}`,
    needs: "a running VM",
    fix: `swy vm get ${vm}`,
  });
