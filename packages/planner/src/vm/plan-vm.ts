import {
  type AllocatedNic,
  type Finding,
  findBridge,
  guestMtu,
  type HostPlan,
  type Inventory,
  type Ipv4Address,
  type MacAddress,
  type ObservedVm,
  type PortSettings,
  type QemuNic,
  type Vf,
  type VmDesired,
} from "@switchyard/model";
import { errorFinding } from "../findings/finding.ts";
import { isLive, usesVf } from "../host/affected-vms.ts";
import { pairsOf } from "../host/datapath/build-up.ts";
import { fixedMacFinding } from "../host/datapath/datapath-findings.ts";
import { representorLink } from "../host/datapath/pf-view.ts";
import { findPort, isBroken } from "../host/datapath/ports.ts";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { type AwaitedMove, ensureVmAwaited, tellMigration } from "../steps/migration-steps.ts";
import { ensureBridgePort, ensureLinkUp, ensureNoBridgePort } from "../steps/ovs-steps.ts";
import {
  ensureGuestAddress,
  ensureVcpusPinned,
  ensureVmRunning,
  ensureVmStopped,
  noop,
  pingFromGuest,
} from "../steps/vm-steps.ts";
import { lintVm } from "./lint.ts";
import { diskDrafts, diskRemovalDrafts } from "./plan-image.ts";
import {
  mtuSteps,
  portFindings,
  portReleaseSteps,
  portSteps,
  settingsOf,
} from "./port-settings.ts";
import { runtimeFindings } from "./runtime-findings.ts";
import { findHolder, findSlot, hasFixedMac, type NicSlot, vdpaMacSteps } from "./slot.ts";
import { pfLinkSteps, vfioFindings, vfMacSteps } from "./sriov-nic.ts";
import { planTuning, type Tuning } from "./tuning.ts";

/** One plan for one VM on one host; same shape as a host's plan, and nobody else's VM is ever affected. */
export type VmPlan = HostPlan;

/**
 * Plans the start of a VM in the slots it was given. The guest's addresses can't be observed, so the steps
 * that set them are in every plan of a guest that has an agent; they may run twice.
 *
 * @param way.before steps that come first
 * @param way.awaitedBy the live move by which it comes: its QEMU waits, with an empty disk, and boots nothing
 */
export function planVmStart(
  vm: VmDesired,
  observed: Inventory,
  way: { readonly before?: readonly Draft[]; readonly awaitedBy?: AwaitedMove } = {},
): VmPlan {
  const { before = [], awaitedBy } = way;
  const { slots, absent } = findSlots(vm, observed);
  if (absent.length > 0) return finishPlan({ drafts: [], findings: absent });
  const isRunning = awaitedBy === undefined && isRunningHere(vm, slots, observed);
  const tuning = planTuning(vm, observed, { slots, isRunning });
  const findings = [
    ...tuning.findings,
    ...slots.flatMap((slot) => [
      ...fixedMacFindings(vm, slot),
      ...holderFindings(vm, slot, observed),
      ...(isByVfio(slot) ? vfioFindings(vm.vm, slot, observed) : []),
      ...portFindings(vm, slot, { settings: settingsOf(vm, slot), observed }),
    ]),
    ...bridgeFindings(vm, observed),
    ...runtimeFindings(vm, observed),
    ...lintVm(vm.vm, vm.spec, {
      iommuGroupCount: observed.iommuGroupCount,
      nics: slots.map(({ vf }) => (vf.vdpa === undefined ? {} : { maxVqp: pairsOf(vf.vdpa) })),
    }),
  ];
  const { accelerator } = observed;
  const guestAddresses = vm.spec.hasGuestAgent
    ? vm.allocation.nics.map((nic) =>
        ensureGuestAddress(vm.vm, { ...nic, ...guestMtu(vm, nic) }, accelerator),
      )
    : [];
  const pinning = pinningSteps(vm, tuning);
  if (isRunning) {
    const ports = slots.flatMap((slot) => portSteps(slot, settingsOf(vm, slot), observed));
    return finishPlan({ drafts: [...ports, ...pinning, ...guestAddresses], findings });
  }
  const { memory } = tuning;
  const place = { accelerator, memory, nics: slots.map((slot) => nicOf(slot, observed)) };
  return finishPlan({
    drafts: [
      ...before,
      ...staleProcessSteps(vm, observed),
      ...diskDrafts(vm, awaitedBy !== undefined),
      ...slots.flatMap((slot) => nicSteps(slot, settingsOf(vm, slot), observed)),
      ...pfLinkSteps(slots.filter(isByVfio)),
      awaitedBy === undefined ? ensureVmRunning(vm, place) : ensureVmAwaited(vm, awaitedBy, place),
      ...pinning,
      ...(awaitedBy === undefined ? guestAddresses : [tellMigration(vm.vm)]),
    ],
    findings,
  });
}

/** In every plan of such a VM: a claim of CPUs is no proof that each thread was moved. */
const pinningSteps = ({ vm }: VmDesired, { cpus }: Tuning): readonly Draft[] =>
  cpus === undefined ? [] : [ensureVcpusPinned(vm, cpus)];

/** A process that is there and runs no guest any more, as after a panic: it holds the disk and the device. */
function staleProcessSteps({ vm }: VmDesired, observed: Inventory): readonly Draft[] {
  const found = observed.vms.find((other) => other.vm === vm);
  const isStale = found !== undefined && found.pid !== undefined && !isLive(found);
  return isStale ? [ensureVmStopped(vm, 0, found.runtime)] : [];
}

/** A guest that stands still can't be asked to power off. */
const graceOf = ({ state }: ObservedVm): number | undefined => (state === "paused" ? 0 : undefined);

/** Plans the end of a VM: its process goes, and its slots get back the MACs they had before. */
export function planVmDelete(vm: VmDesired, observed: Inventory): VmPlan {
  const { slots } = findSlots(vm, observed);
  const known = observed.vms.find((other) => other.vm === vm.vm);
  return finishPlan({
    drafts: [
      ...(known === undefined ? [] : [ensureVmStopped(vm.vm, graceOf(known), known.runtime)]),
      ...diskRemovalDrafts(vm),
      ...slots.flatMap((slot) => portReleaseSteps(slot, settingsOf(vm, slot), observed)),
      ...slots.flatMap((slot) => macSteps(slot, slot.nic.slotMac, observed)),
    ],
    findings: slots.flatMap((slot) => holderFindings(vm, slot, observed)),
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

/** The VM's slots that are there, and a finding for each that is not. */
function findSlots(
  vm: VmDesired,
  observed: Inventory,
): { readonly slots: readonly NicSlot[]; readonly absent: readonly Finding[] } {
  const found = vm.allocation.nics.map((nic) => ({ nic, slot: findSlot(observed, nic) }));
  return {
    slots: found.flatMap(({ slot }) => slot ?? []),
    absent: found.flatMap(({ nic, slot }) => (slot === undefined ? [slotAbsent(vm, nic)] : [])),
  };
}

function isRunningHere(vm: VmDesired, slots: readonly NicSlot[], observed: Inventory): boolean {
  const process = observed.vms.find((other) => other.vm === vm.vm && isLive(other));
  return process !== undefined && slots.every(({ vf }) => usesVf(process, vf));
}

const isByVfio = ({ nic }: NicSlot): boolean => nic.kind === "sriov";

const macSteps = (slot: NicSlot, mac: MacAddress, observed: Inventory): readonly Draft[] =>
  isByVfio(slot) ? vfMacSteps(slot, mac) : vdpaMacSteps(observed, slot, mac);

/**
 * What makes a slot ready for its NIC. A vDPA device takes the MTU that its VF has when it is made; VFs by vfio
 * go through the NIC's own switch, not through a bridge.
 */
const nicSteps = (slot: NicSlot, settings: PortSettings, observed: Inventory): readonly Draft[] => [
  ...mtuSteps(slot, settings.mtu, { observed, wasJumbo: false }),
  ...macSteps(slot, slot.nic.mac, observed),
  ...(isByVfio(slot) ? [] : representorSteps(slot, observed)),
  ...portSteps(slot, settings, observed),
];

/** The NIC as QEMU will be given it, with a placeholder for what its steps are still to make. */
function nicOf(slot: NicSlot, observed: Inventory): QemuNic {
  const { nic, vf } = slot;
  if (isByVfio(slot)) return { kind: "sriov", pciAddress: vf.pciAddress };
  const isReady = vdpaMacSteps(observed, slot, nic.mac).length === 0;
  const vhostPath = (isReady ? vf.vdpa?.vhostPath : undefined) ?? placeholder(vf);
  return { kind: "vdpa", vhostPath, queuePairs: nic.queuePairs, mac: nic.mac };
}

const placeholder = ({ pciAddress }: Vf): string => `<vhost-vdpa of VF ${pciAddress}>`;

/** The representor is up and in the network's bridge: the VF has no link and no path without. */
function representorSteps({ nic, view, vf }: NicSlot, observed: Inventory): readonly Draft[] {
  const { bridge } = nic;
  const link = representorLink(view, vf.index, vf);
  const place = findPort(observed, link.name);
  const isPlugged = place?.bridge.name === bridge && !isBroken(place.port);
  return [
    ...(place === undefined || isPlugged ? [] : [ensureNoBridgePort(place.bridge.name, link)]),
    ...(isPlugged ? [] : [ensureBridgePort(bridge, link)]),
    ...(vf.representor?.isUp ? [] : [ensureLinkUp(link)]),
  ];
}

function fixedMacFindings({ vm }: VmDesired, slot: NicSlot): readonly Finding[] {
  const { nic, vf } = slot;
  if (!hasFixedMac(slot)) return [];
  const fixed = vf.fixedMac ?? vf.vdpa?.mac;
  if (fixed === undefined || fixed === nic.mac) return [];
  return [fixedMacFinding(vm, { vf: `VF ${vf.pciAddress}`, fixed, wanted: nic.mac })];
}

function holderFindings(
  { vm }: VmDesired,
  { vf }: NicSlot,
  observed: Inventory,
): readonly Finding[] {
  const holder = findHolder(observed, vf, vm);
  if (holder === undefined) return [];
  return [
    errorFinding("DEVICE_BUSY", {
      message: `${vm} can't have VF ${vf.pciAddress}`,
      found: `VM ${holder.vm} uses it`,
      needs: "a VF that nobody has open",
      fix: `swy vm get ${holder.vm}`,
    }),
  ];
}

function bridgeFindings({ vm, allocation }: VmDesired, observed: Inventory): readonly Finding[] {
  const nics = allocation.nics.filter(({ kind }) => kind === "vdpa");
  if (nics.length === 0) return [];
  if (observed.ovs?.isRunning !== true) {
    return [
      errorFinding("OVS_NOT_RUNNING", {
        message: `${vm} can't be plugged in`,
        found: "Open vSwitch does not answer",
        needs: "a running Open vSwitch",
      }),
    ];
  }
  const bridges = [...new Set(nics.map(({ bridge }) => bridge))];
  return bridges
    .filter((bridge) => findBridge(observed, bridge) === undefined)
    .map((bridge) =>
      errorFinding("DEVICE_ABSENT", {
        message: `${vm} can't be plugged in`,
        found: `no bridge ${bridge}`,
        needs: "the bridge of the VM's network",
        fix: `swy plan create --host ${allocation.host}`,
      }),
    );
}

const slotAbsent = ({ vm, allocation }: VmDesired, { pf, vfIndex }: AllocatedNic): Finding =>
  errorFinding("DEVICE_ABSENT", {
    message: `${vm} has lost its slot`,
    found: `no VF ${vfIndex} on ${pf}`,
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
