import type { BondSpec, Finding, Inventory } from "@switchyard/model";
import { errorFinding } from "../../findings/finding.ts";
import { findBond } from "./bonds.ts";
import { asVdpa, type Datapath } from "./datapath.ts";
import type { PfView } from "./pf-view.ts";

/** Beyond it the NIC would carry no LAG. @see torvalds/linux mlx5/core/lag/lag.c */
const LAG_VFS_MAX = 64;

interface Context {
  readonly host: string;
  readonly datapath: Datapath;
  readonly ports: readonly PfView[];
  readonly observed: Inventory;
}

/** Why the ports can't be joined so that the NIC carries the bond. */
export function bondFindings(context: Context): readonly Finding[] {
  const bond = asVdpa(context.datapath)?.bond;
  if (bond === undefined) return [];
  return [
    ...nicFindings(context, bond),
    ...vfFindings(context, bond),
    ...takenNameFindings(context, bond),
    ...takenPortFindings(context, bond),
  ];
}

const unfit = (host: string, { name }: BondSpec, detail: { found: string; needs: string }) =>
  errorFinding("BOND_UNFIT", { message: `${host} can't make bond ${name}`, ...detail });

function nicFindings({ host, ports }: Context, bond: BondSpec): readonly Finding[] {
  const nics = new Set(ports.map(({ nic }) => nic));
  const addresses = ports.map(({ pf }) => pf.pciAddress);
  const isOne = nics.size === 1 && new Set(addresses).size === addresses.length;
  const isCarried = ports.every(({ nic }) => nic.nicProfile === "mlx5");
  if (isOne && isCarried) return [];
  const found = isOne ? `NIC profile ${ports[0]?.nic.nicProfile}` : addresses.join(", ");
  return [unfit(host, bond, { found, needs: "different ports of one mlx5 NIC" })];
}

function vfFindings({ host, datapath }: Context, bond: BondSpec): readonly Finding[] {
  if (datapath.vfCount <= LAG_VFS_MAX) return [];
  const needs = `${LAG_VFS_MAX} VFs or fewer on each port`;
  return [unfit(host, bond, { found: `${datapath.vfCount} VFs`, needs })];
}

function takenNameFindings({ host, observed }: Context, bond: BondSpec): readonly Finding[] {
  const there = findBond(observed, bond.name);
  if (there === undefined || there.isOurs) return [];
  const found = `bond ${bond.name} of ${there.ports.join(", ") || "no ports"}, without our mark`;
  return [unfit(host, bond, { found, needs: "a bond made by Switchyard, or none of this name" })];
}

function takenPortFindings({ host, ports, observed }: Context, bond: BondSpec): readonly Finding[] {
  return (observed.bonds ?? [])
    .filter(({ isOurs, name }) => !isOurs && name !== bond.name)
    .flatMap((other) => {
      const taken = ports
        .map(({ pf }) => pf.link.netdev)
        .filter((name) => other.ports.includes(name));
      if (taken.length === 0) return [];
      const found = `${taken.join(", ")} in bond ${other.name}, which Switchyard did not make`;
      return [unfit(host, bond, { found, needs: "ports that are in no other bond" })];
    });
}
