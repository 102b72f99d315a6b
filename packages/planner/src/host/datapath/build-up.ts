import { cidrAddress, findBridge, type Inventory, subnetContains } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import {
  ensureBridge,
  ensureBridgeAddress,
  ensureBridgePort,
  ensureHwOffload,
  ensureLinkUp,
  ensureNoBridgePort,
  ensureOvsRunning,
  type NamedLink,
} from "../../steps/ovs-steps.ts";
import { ensurePfClaim } from "../../steps/pf-steps.ts";
import { ensureNoVdpaDevice, ensureVdpaDevice, ensureVfDriver } from "../../steps/vf-steps.ts";
import { type Bonding, planBonding } from "./bonding.ts";
import { findBond, ownBonds, unplugBonds } from "./bonds.ts";
import { buildUpSriov } from "./build-up-sriov.ts";
import type { Datapath, VdpaDatapath } from "./datapath-findings.ts";
import { eswitchSteps } from "./eswitch-steps.ts";
import { missingModules } from "./modules.ts";
import {
  mgmtdevHandle,
  mgmtdevOf,
  netdevLink,
  type PfView,
  pfLink,
  representorLink,
  slotsOn,
  vfAddress,
  vfRef,
} from "./pf-view.ts";
import { type PortWork, vfIndexes, workOn } from "./port-work.ts";
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
interface BuildUp {
  readonly observed: Inventory;
  readonly datapath: VdpaDatapath;
  readonly works: readonly PortWork[];
  readonly bonding: Bonding;
  /** Names of vDPA devices that the steps leave alone, by VF. */
  readonly takenNames: readonly NameOnVf[];
}

/** Building up as far as one port goes. */
type OnPort = BuildUp & PortWork;

/**
 * The steps from the host as it is to the datapath it shall have, in the order that is safe on mlx5.
 *
 * @param ports the uplink, then the ports joined with it
 */
export const buildUp = (
  observed: Inventory,
  datapath: Datapath,
  ports: readonly [PfView, ...PfView[]],
): readonly Draft[] =>
  datapath.mode === "vdpa"
    ? buildUpVdpa(observed, datapath, ports)
    : buildUpSriov(observed, datapath, ports[0]);

function buildUpVdpa(
  observed: Inventory,
  datapath: VdpaDatapath,
  ports: readonly PfView[],
): readonly Draft[] {
  const bonding = planBonding(observed, datapath.bond, ports);
  const works = ports.map((view) => workOn(view, datapath, bonding.resets(view)));
  const isRecreated = (pf: string) =>
    works.some(({ recreatesVfs, view }) => recreatesVfs && view.pf.pciAddress === pf);
  const context: BuildUp = {
    works,
    bonding,
    observed,
    datapath,
    takenNames: namesOnVfs(observed).filter(({ vf }) => !isRecreated(vf.pf)),
  };
  const onPorts = (steps: (port: OnPort) => readonly Draft[]) =>
    works.flatMap((work) => steps({ ...context, ...work }));
  return [
    ...modules(context),
    ...openVSwitch(context),
    ...clearWay(context),
    ...eswitchSteps(works, bonding),
    ...works.flatMap(({ view: { pf } }) => (pf.isClaimed ? [ensurePfClaim(pf, false)] : [])),
    ...onPorts(vfDrivers),
    ...onPorts(surplusVdpaDevices),
    ...onPorts(vdpaDevices),
    ...bridgeAndPorts(context),
    ...links(context),
    ...surplusBridges(context),
    ...hwOffload(context),
  ];
}

const modules = ({ observed, works }: BuildUp): readonly Draft[] =>
  missingModules(observed, [VHOST_VDPA, ...works.flatMap(({ view }) => view.nic.vdpaModules)]);

/** Before anything is unplugged: after a boot its database remembers ports whose devices are gone. */
const openVSwitch = ({ observed }: BuildUp): readonly Draft[] =>
  observed.ovs?.isRunning ? [] : [ensureOvsRunning()];

/**
 * Everything that must be gone before mode and VF count can change: TC rules of plugged ports make the
 * eswitch busy, and a vDPA device in use blocks the removal of its VF.
 */
function clearWay({ observed, works, bonding, datapath }: BuildUp): readonly Draft[] {
  const retired = retiredPfs(
    observed,
    works.map(({ view }) => view),
  );
  const unplugged = works.flatMap(({ view, changesMode, recreatesVfs }) => [
    // A port of a bond is plugged in by the bond alone.
    ...(changesMode || datapath.bond !== undefined ? [pfLink(view)] : []),
    ...(changesMode || recreatesVfs ? representorsOf(view) : []),
  ]);
  return [
    ...unplugStalePorts(observed),
    ...unplugFromOwnBridges(observed, [...retired.flatMap(linksOf), ...unplugged]),
    ...unplugBonds(observed, isRebuilt(works) ? ownBonds(observed) : bonding.surplus),
    ...retired.flatMap(retirePf),
    ...works.flatMap(({ recreatesVfs, view }) => (recreatesVfs ? removeVdpaDevices(view) : [])),
  ];
}

const isRebuilt = (works: readonly PortWork[]): boolean =>
  works.some(({ changesMode }) => changesMode);

/** Kernels bind new mlx5 VFs by themselves; mapped VFs are other functions and are bound by hand. */
function vfDrivers({ view, datapath, keptVf }: OnPort): readonly Draft[] {
  return vfIndexes(datapath).flatMap((index) => {
    const vf = keptVf(index);
    const isMapped = view.nic.nicProfile === "mapped";
    if (vf === undefined && !isMapped) return [];
    const driver = vf?.vdpaDriver ?? view.pf.fixedVdpaDriver ?? MAPPED_VF_DRIVER;
    if (vf?.driver === driver) return [];
    const place = { ref: vfRef(view.pf, index), address: vfAddress(view, index) };
    return [ensureVfDriver({ ...place, boundDriver: vf?.driver }, driver)];
  });
}

/** Devices on VFs for which the controller reserved no slot. */
function surplusVdpaDevices({ view, datapath, keptVf }: OnPort): readonly Draft[] {
  const wanted = new Set(slotsOn(datapath, view).map(({ vfIndex }) => vfIndex));
  return vfIndexes(datapath).flatMap((index) => {
    const device = keptVf(index)?.vdpa;
    if (device === undefined || wanted.has(index)) return [];
    return [ensureNoVdpaDevice(vfRef(view.pf, index), device.name)];
  });
}

function vdpaDevices(context: OnPort): readonly Draft[] {
  const { view, datapath } = context;
  return [...slotsOn(datapath, view)]
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

/**
 * Before any VF of the PF was seen, mlx5 is trusted to take what the profile asks; a mapped NIC takes a MAC where
 * its profile names no other, and no queue pairs.
 */
function deviceOptions(
  { view, datapath }: OnPort,
  index: number,
): { readonly maxVqp: number | undefined; readonly canSetMac: boolean } {
  const mgmtdev = mgmtdevOf(view.pf, index);
  if (mgmtdev === undefined) {
    const isMapped = view.nic.nicProfile === "mapped";
    const isFixed = view.pf.fixedVfMacs?.some((each) => each.index === index) ?? isMapped;
    return { maxVqp: isMapped ? undefined : datapath.maxVqp, canSetMac: !isFixed };
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
  const { works, datapath } = context;
  const representors = works.flatMap(({ view, changesMode, keptVf }) =>
    vfIndexes(datapath).map((index) => {
      const vf = changesMode ? undefined : keptVf(index);
      const isUp = vf?.representor?.isUp ?? false;
      const isUnplugged = vf?.representor === undefined;
      return { ...representorLink(view, index, vf), isUnplugged, isUp };
    }),
  );
  return [...uplinks(context), ...representors];
}

/** What leads out of the bridge: the uplink, or the bond that it is joined in. */
function uplinks({ observed, works, datapath, bonding }: BuildUp): readonly PlannedLink[] {
  const { bond } = datapath;
  if (bond === undefined) return portLinks(works);
  const found = bonding.isMade ? undefined : findBond(observed, bond.name);
  const isUnplugged = found === undefined || isRebuilt(works);
  return [{ ...netdevLink(bond.name), isUnplugged, isUp: found?.isUp ?? false }];
}

const portLinks = (works: readonly PortWork[]): readonly PlannedLink[] =>
  works.map(({ view, changesMode }) => ({
    ...pfLink(view),
    isUnplugged: changesMode,
    isUp: view.pf.link.isUp && !changesMode,
  }));

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
  const joined = datapath.bond === undefined ? [] : portLinks(context.works);
  const down = [...joined, ...plannedLinks(context)].filter(({ isUp }) => !isUp);
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
