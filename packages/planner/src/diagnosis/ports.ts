import type { Inventory, Vf } from "@switchyard/model";
import { asVdpa } from "../host/datapath/datapath-findings.ts";
import { type PfView, selectUplink, viewPfs } from "../host/datapath/pf-view.ts";
import type { HostFacts, PreflightFacts } from "./facts.ts";
import {
  type Check,
  type HostCheck,
  type InventoryPart,
  skip,
  type Verdict,
  withParts,
} from "./verdict.ts";

/**
 * Ports that carry a datapath or shall: the profile's uplink and what it is bonded with, or where no profile says so those in switchdev
 * mode or with VFs.
 */
export function datapathPorts(facts: PreflightFacts, inventory: Inventory): readonly PfView[] {
  const views = viewPfs(inventory);
  const datapath = facts.desired?.datapath;
  if (datapath !== undefined) {
    const bonded = asVdpa(datapath)?.bond?.ports ?? [];
    return [datapath.uplink, ...bonded].flatMap((port) => selectUplink(views, port) ?? []);
  }
  return views.filter(({ pf }) => pf.eswitchMode === "switchdev" || pf.vfCount > 0);
}

export const NO_PORT = "no port carries a datapath, and no profile asks for one";

/** A check of every port with a datapath; skipped where there is none. */
export const withPorts = <Facts extends PreflightFacts = HostFacts>(
  parts: readonly InventoryPart[],
  check: (ports: readonly PfView[], inventory: Inventory, facts: Facts) => Verdict,
): Check<Facts> =>
  withParts<Facts>(["nics", ...parts], (inventory, facts) => {
    const ports = datapathPorts(facts, inventory);
    return ports.length === 0 ? skip(NO_PORT) : check(ports, inventory, facts);
  });

/** As `withPorts`, for those in switchdev mode. */
export const withSwitchdev = (
  parts: readonly InventoryPart[],
  check: (ports: readonly PfView[], inventory: Inventory, facts: HostFacts) => Verdict,
): HostCheck =>
  withPorts(parts, (ports, inventory, facts) => {
    const inMode = ports.filter(({ pf }) => pf.eswitchMode === "switchdev");
    return inMode.length === 0
      ? skip("no port of the datapath is in switchdev mode")
      : check(inMode, inventory, facts);
  });

export const portName = ({ pf }: PfView): string => `${pf.link.netdev} (${pf.pciAddress})`;

export const vfName = ({ pf }: PfView, vf: Pick<Vf, "index">): string =>
  `VF ${vf.index} of ${pf.pciAddress}`;

/** Every VF of the ports with its port. */
export const vfsOf = (ports: readonly PfView[]): readonly { port: PfView; vf: Vf }[] =>
  ports.flatMap((port) => port.pf.vfs.map((vf) => ({ port, vf })));

/** Netdevs of the datapath that stand for ports of the card: uplinks and representors. */
export const switchNetdevs = (ports: readonly PfView[]): readonly string[] =>
  ports.flatMap(({ pf }) => [
    pf.link.netdev,
    ...pf.vfs.flatMap(({ representor }) => representor?.netdev ?? []),
  ]);
