import type { Inventory } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureHwOffload, ensureLinkUp } from "../../steps/ovs-steps.ts";
import { ensurePfClaim } from "../../steps/pf-steps.ts";
import { ensureVfAdminMac, ensureVfDriver } from "../../steps/vf-steps.ts";
import { type Bonding, planBonding } from "./bonding.ts";
import { unplugBonds } from "./bonds.ts";
import type { SriovDatapath } from "./datapath-findings.ts";
import { eswitchSteps } from "./eswitch-steps.ts";
import { missingModules } from "./modules.ts";
import { findVfOf, type PfView, pfLink, vfAddress, vfRef } from "./pf-view.ts";
import { type PortWork, vfIndexes, workOn } from "./port-work.ts";
import { linksOf, removeFreeBridges, unplugFromOwnBridges, unplugStalePorts } from "./ports.ts";
import { removeVdpaDevices, retiredPfs, retirePf } from "./retire-pf.ts";
import { withOvsRunning } from "./start-ovs.ts";
import { hasOwnHwOffload } from "./tear-down.ts";
import { hasVfioDriver, vfioDriverFor } from "./vfio-driver.ts";

/** Driver that new VFs of an mlx5 NIC get by themselves. */
const MLX5_VF_DRIVER = "mlx5_core";

interface BuildUp extends PortWork {
  readonly observed: Inventory;
  readonly datapath: SriovDatapath;
  readonly bonding: Bonding;
}

/**
 * The steps to VFs that VMs can be given. What vDPA mode made goes first, from the outside inwards: ports,
 * vDPA devices, VFs, mode. MACs are set before vfio has the VF, so that the guest finds
 * its own. A PF on which nothing is to be done is not claimed: what others made stays theirs.
 */
export const buildUpSriov = (
  observed: Inventory,
  datapath: SriovDatapath,
  view: PfView,
): readonly Draft[] =>
  withOvsRunning(observed, (running) => buildUpRunning(running, datapath, view));

function buildUpRunning(
  observed: Inventory,
  datapath: SriovDatapath,
  view: PfView,
): readonly Draft[] {
  const bonding = planBonding(observed, undefined, [view]);
  const work = workOn(view, datapath, bonding.resets(view));
  const context: BuildUp = { ...work, observed, datapath, bonding };
  const steps = [
    ...modules(context),
    ...clearWay(context),
    ...eswitchSteps([work], bonding),
    ...adminMacs(context),
    ...vfDrivers(context),
    ...(view.pf.link.isUp && !context.changesMode ? [] : [ensureLinkUp(pfLink(view))]),
    ...emptyOvs(observed),
  ];
  if (steps.length === 0 || view.pf.isClaimed) return steps;
  return [ensurePfClaim(view.pf, true), ...steps];
}

function modules({ observed, view, datapath }: BuildUp): readonly Draft[] {
  const driver = vfioDriverFor(view.nic, datapath.vfDriver);
  return driver === undefined ? [] : missingModules(observed, [driver]);
}

function clearWay({ observed, view, bonding }: BuildUp): readonly Draft[] {
  const retired = retiredPfs(observed, [view]);
  return [
    ...unplugStalePorts(observed),
    ...unplugFromOwnBridges(observed, [...retired, view].flatMap(linksOf)),
    ...unplugBonds(observed, bonding.surplus),
    ...retired.flatMap(retirePf),
    ...removeVdpaDevices(view),
  ];
}

/** Last, because a bridge that is gone can't be brought back: up to here all can be undone. */
const emptyOvs = (observed: Inventory): readonly Draft[] => [
  ...(hasOwnHwOffload(observed) ? [ensureHwOffload(false)] : []),
  ...removeFreeBridges(observed, () => true),
];

/** Hardware that fixes a VF's MAC is not asked to change it. */
function adminMacs({ view, datapath, keptVf }: BuildUp): readonly Draft[] {
  const { pf } = view;
  return [...datapath.slots]
    .filter(({ vfIndex }) => vfIndex < datapath.vfCount)
    .sort((left, right) => left.vfIndex - right.vfIndex)
    .filter(({ vfIndex }) => !hasFixedMac(view, vfIndex))
    .filter(({ vfIndex, mac }) => keptVf(vfIndex)?.adminMac !== mac)
    .map(({ vfIndex, mac }) => ensureVfAdminMac(vfRef(pf, vfIndex), mac, pf.link.netdev));
}

const hasFixedMac = ({ pf }: PfView, vfIndex: number): boolean =>
  findVfOf(pf, vfIndex)?.fixedMac !== undefined ||
  (pf.fixedVfMacs ?? []).some(({ index }) => index === vfIndex);

function vfDrivers({ view, datapath, vfCount, keptVf }: BuildUp): readonly Draft[] {
  const driver = vfioDriverFor(view.nic, datapath.vfDriver);
  if (driver === undefined) return [];
  return vfIndexes({ vfCount }).flatMap((index) => {
    const vf = keptVf(index);
    if (vf !== undefined && hasVfioDriver(vf, datapath.vfDriver)) return [];
    const comesBound = view.nic.nicProfile === "mlx5" ? MLX5_VF_DRIVER : undefined;
    const boundDriver = vf === undefined ? comesBound : vf.driver;
    const place = { ref: vfRef(view.pf, index), address: vfAddress(view, index), boundDriver };
    return [ensureVfDriver(place, driver)];
  });
}
