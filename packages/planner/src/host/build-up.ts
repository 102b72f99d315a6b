import { cidrAddress, findBridge, type Inventory, subnetContains } from "@switchyard/model";
import type { Draft } from "../steps/draft.ts";
import {
  ensureBridge,
  ensureBridgeAddress,
  ensureBridgePort,
  ensureHwOffload,
  ensureLinkUp,
  ensureNoBridgePort,
  ensureOvsRunning,
  type NamedLink,
} from "../steps/ovs-steps.ts";
import { ensurePfClaim } from "../steps/pf-steps.ts";
import { ensureNoVdpaDevice, ensureVdpaDevice, ensureVfDriver } from "../steps/vf-steps.ts";
import { buildUpSriov } from "./build-up-sriov.ts";
import type { Datapath, VdpaDatapath } from "./datapath-findings.ts";
import { missingModules } from "./modules.ts";
import {
  findVfOf,
  mgmtdevHandle,
  mgmtdevOf,
  netdevLink,
  type PfView,
  pfLink,
  representorLink,
  vfAddress,
  vfRef,
} from "./pf-view.ts";
import { eswitchSteps, type PortWork, vfIndexes, workOn } from "./port-work.ts";
import {
  findPort,
  isBroken,
  linksOf,
  removeFreeBridges,
  representorsOf,
  unplugFromOwnBridges,
  unplugStalePorts,
} from "./ports.ts";
import { removeVdpaDevices, retiredPfs, retirePf } from "./retire-pf.ts";
import { type NameOnVf, namesOnVfs, vdpaDeviceName } from "./vdpa-name.ts";

/** Module behind `/dev/vhost-vdpa-N`. @see torvalds/linux drivers/vhost/vdpa.c */
const VHOST_VDPA = "vhost_vdpa";
/** Driver of mapped VFs that were not seen yet. @see torvalds/linux drivers/vdpa/virtio_pci */
const MAPPED_VF_DRIVER = "vp-vdpa";

/** What building up needs to know, worked out once. */
interface BuildUp extends PortWork {
  readonly observed: Inventory;
  readonly datapath: VdpaDatapath;
  /** Names of vDPA devices that the steps leave alone, by VF. */
  readonly takenNames: readonly NameOnVf[];
}

/** The steps from the host as it is to the datapath it shall have, in the order that is safe on mlx5. */
export const buildUp = (observed: Inventory, datapath: Datapath, view: PfView): readonly Draft[] =>
  datapath.mode === "vdpa"
    ? buildUpVdpa(observed, datapath, view)
    : buildUpSriov(observed, datapath, view);

function buildUpVdpa(observed: Inventory, datapath: VdpaDatapath, view: PfView): readonly Draft[] {
  const work = workOn(view, datapath);
  const context: BuildUp = {
    ...work,
    observed,
    datapath,
    takenNames: namesOnVfs(observed).filter(
      ({ vf }) => !(work.recreatesVfs && vf.pf === view.pf.pciAddress),
    ),
  };
  return [
    ...modules(context),
    ...openVSwitch(context),
    ...clearWay(context),
    ...eswitchSteps(context),
    ...(view.pf.isClaimed ? [ensurePfClaim(view.pf, false)] : []),
    ...vfDrivers(context),
    ...surplusVdpaDevices(context),
    ...vdpaDevices(context),
    ...bridgeAndPorts(context),
    ...links(context),
    ...surplusBridges(context),
    ...hwOffload(context),
  ];
}

function modules({ observed, view }: BuildUp): readonly Draft[] {
  return missingModules(observed, [VHOST_VDPA, ...view.nic.vdpaModules]);
}

/** Before anything is unplugged: after a boot its database remembers ports whose devices are gone. */
const openVSwitch = ({ observed }: BuildUp): readonly Draft[] =>
  observed.ovs?.isRunning ? [] : [ensureOvsRunning()];

/**
 * Everything that must be gone before mode and VF count can change: TC rules of plugged ports make the
 * eswitch busy, and a vDPA device in use blocks the removal of its VF.
 */
function clearWay({ observed, view, changesMode, recreatesVfs }: BuildUp): readonly Draft[] {
  const retired = retiredPfs(observed, view.pf.pciAddress);
  const unplugged = [
    ...(changesMode ? [pfLink(view)] : []),
    ...(changesMode || recreatesVfs ? representorsOf(view) : []),
  ];
  return [
    ...unplugStalePorts(observed),
    ...unplugFromOwnBridges(observed, [...retired.flatMap(linksOf), ...unplugged]),
    ...retired.flatMap(retirePf),
    ...(recreatesVfs ? removeVdpaDevices(view) : []),
  ];
}

/** Kernels bind new mlx5 VFs by themselves; mapped VFs are other functions and are bound by hand. */
function vfDrivers({ view, datapath, keptVf }: BuildUp): readonly Draft[] {
  return vfIndexes(datapath).flatMap((index) => {
    const vf = keptVf(index);
    const isMapped = view.nic.nicProfile === "mapped";
    if (vf === undefined && !isMapped) return [];
    const driver = findVfOf(view.pf, index)?.vdpaDriver ?? MAPPED_VF_DRIVER;
    if (vf?.driver === driver) return [];
    const place = { ref: vfRef(view.pf, index), address: vfAddress(view, index) };
    return [ensureVfDriver({ ...place, boundDriver: vf?.driver }, driver)];
  });
}

/** Devices on VFs for which the controller reserved no slot. */
function surplusVdpaDevices({ view, datapath, keptVf }: BuildUp): readonly Draft[] {
  const wanted = new Set(datapath.slots.map(({ vfIndex }) => vfIndex));
  return vfIndexes(datapath).flatMap((index) => {
    const device = keptVf(index)?.vdpa;
    if (device === undefined || wanted.has(index)) return [];
    return [ensureNoVdpaDevice(vfRef(view.pf, index), device.name)];
  });
}

function vdpaDevices(context: BuildUp): readonly Draft[] {
  const { view, datapath } = context;
  return [...datapath.slots]
    .filter(({ vfIndex }) => vfIndex < datapath.vfCount)
    .sort((left, right) => left.vfIndex - right.vfIndex)
    .flatMap(({ vfIndex, mac }) => {
      const existing = context.keptVf(vfIndex)?.vdpa;
      const wanted = {
        vf: vfRef(view.pf, vfIndex),
        name: vdpaDeviceName(context.takenNames, { view, index: vfIndex }),
        mac,
        ...deviceOptions(context, vfIndex),
      };
      const isRight =
        existing !== undefined &&
        (!wanted.canSetMac || existing.mac === mac) &&
        (wanted.maxVqp === undefined || pairsOf(existing) === wanted.maxVqp);
      if (isRight) return [];
      return [ensureVdpaDevice(wanted, { mgmtdev: mgmtdevHandle(view, vfIndex), existing })];
    });
}

/** Queue pairs of a device: what its config says, else worked out of `max_vqs` = 2 x pairs + 1. */
export const pairsOf = (device: {
  readonly maxVqp: number | undefined;
  readonly maxVqs: number;
}): number => device.maxVqp ?? Math.floor((device.maxVqs - 1) / 2);

/** Before any VF of the PF was seen, mlx5 is trusted to take what the profile asks, and mapped NICs nothing. */
function deviceOptions(
  { view, datapath }: BuildUp,
  index: number,
): { readonly maxVqp: number | undefined; readonly canSetMac: boolean } {
  const mgmtdev = mgmtdevOf(view.pf, index);
  if (mgmtdev === undefined) {
    const isMapped = view.nic.nicProfile === "mapped";
    return { maxVqp: isMapped ? undefined : datapath.maxVqp, canSetMac: !isMapped };
  }
  const capped = Math.min(datapath.maxVqp, mgmtdev.maxVqp);
  return { maxVqp: mgmtdev.canSetMaxVqp ? capped : undefined, canSetMac: mgmtdev.canSetMac };
}

function bridgeAndPorts(context: BuildUp): readonly Draft[] {
  const { observed, datapath } = context;
  const { name, isAdopted } = datapath.bridge;
  return [
    ...(findBridge(observed, name) === undefined ? [ensureBridge(name, isAdopted)] : []),
    ...plannedLinks(context).flatMap((link) => portSteps(context, link)),
  ];
}

interface PlannedLink extends NamedLink {
  /** Out of OVS already, by an earlier step of this plan or because it has yet to be made. */
  readonly isUnplugged: boolean;
  readonly isUp: boolean;
}

function plannedLinks(context: BuildUp): readonly PlannedLink[] {
  const { view, datapath, keptVf } = context;
  const uplink = {
    ...pfLink(view),
    isUnplugged: context.changesMode,
    isUp: view.pf.link.isUp && !context.changesMode,
  };
  const representors = vfIndexes(datapath).map((index) => {
    const vf = context.changesMode ? undefined : keptVf(index);
    const isUp = vf?.representor?.isUp ?? false;
    return {
      ...representorLink(view, index, vf),
      isUnplugged: vf?.representor === undefined,
      isUp,
    };
  });
  return [uplink, ...representors];
}

/** A port whose device vswitchd could not open is taken out first: adding it again alone changes nothing. */
function portSteps({ observed, datapath }: BuildUp, link: PlannedLink): readonly Draft[] {
  const { name } = datapath.bridge;
  const place = link.isUnplugged ? undefined : findPort(observed, link.name);
  if (place === undefined) return [ensureBridgePort(name, link)];
  if (place.bridge.name === name && !isBroken(place.port)) return [];
  return [ensureNoBridgePort(place.bridge.name, link), ensureBridgePort(name, link)];
}

/** Switching mode makes the driver build its netdevs anew, so the PF may come back down. */
function links(context: BuildUp): readonly Draft[] {
  const { observed, datapath } = context;
  const bridge = findBridge(observed, datapath.bridge.name);
  const down = plannedLinks(context).filter(({ isUp }) => !isUp);
  return [
    ...down.map(ensureLinkUp),
    ...(bridge?.isUp ? [] : [ensureLinkUp(netdevLink(datapath.bridge.name))]),
    ...bridgeAddress(context),
  ];
}

/** Another address of the same subnet is one the bridge had from an earlier generation. */
function bridgeAddress({ observed, datapath }: BuildUp): readonly Draft[] {
  const { name, address } = datapath.bridge;
  if (address === undefined) return [];
  const present = findBridge(observed, name)?.addresses ?? [];
  const superseded = present.filter(
    (each) => each !== address && subnetContains(address, cidrAddress(each)),
  );
  if (present.includes(address) && superseded.length === 0) return [];
  return [ensureBridgeAddress(name, address, superseded)];
}

const surplusBridges = ({ observed, datapath }: BuildUp): readonly Draft[] =>
  removeFreeBridges(observed, ({ name }) => name !== datapath.bridge.name);

function hwOffload({ observed, datapath }: BuildUp): readonly Draft[] {
  const isRight = observed.ovs?.hwOffload === datapath.hwOffload && !observed.ovs.isRestartPending;
  return isRight ? [] : [ensureHwOffload(datapath.hwOffload)];
}
