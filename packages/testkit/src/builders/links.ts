import { type Bond, findPf, type Inventory, type LinkRef, type Step } from "@switchyard/model";
import { isPlugged, mapBridge } from "./bridges.ts";
import { mapNics, mapPf, mapVf, refuseIf } from "./walk-inventory.ts";

/* Links and bonds of a modelled host. */

export function netdevOf(inventory: Inventory, link: LinkRef): string {
  if (link.kind === "netdev") return link.netdev;
  const address = link.kind === "pf" ? link.pf : link.vf.pf;
  const pf = findPf(inventory, address)?.pf;
  const vf = pf?.vfs.find(({ index }) => link.kind !== "pf" && index === link.vf.index);
  const ofVf = link.kind === "vf" ? vf?.netdev : vf?.representor?.netdev;
  const netdev = link.kind === "pf" ? pf?.link.netdev : ofVf;
  if (netdev === undefined) throw new Error(`no netdev for ${JSON.stringify(link)}`);
  return netdev;
}

/** A bond passes its MTU on to its ports; a VF's own is not in the inventory. */
export function setMtu(inventory: Inventory, link: LinkRef, mtu: number): Inventory {
  switch (link.kind) {
    case "pf":
      return mapPf(inventory, link.pf, (pf) => ({ ...pf, link: { ...pf.link, mtu } }));
    case "representor":
      return mapVf(inventory, link.vf, (vf) => ({
        ...vf,
        representor: vf.representor && { ...vf.representor, mtu },
      }));
    case "vf":
      return inventory;
    case "netdev": {
      const ports = inventory.bonds?.find(({ name }) => name === link.netdev)?.ports ?? [];
      return mapNics(inventory, (pf) =>
        ports.includes(pf.link.netdev) ? { ...pf, link: { ...pf.link, mtu } } : pf,
      );
    }
  }
}

export function setLink(inventory: Inventory, link: LinkRef, isUp: boolean): Inventory {
  switch (link.kind) {
    case "vf":
      return inventory;
    case "pf":
      return mapPf(inventory, link.pf, (pf) => ({ ...pf, link: { ...pf.link, isUp } }));
    case "representor":
      return mapVf(inventory, link.vf, (vf) => {
        if (vf.representor === undefined) throw new Error("the VF has no representor");
        return { ...vf, representor: { ...vf.representor, isUp } };
      });
    case "netdev": {
      const { bonds = [] } = inventory;
      if (!bonds.some(({ name }) => name === link.netdev)) {
        return mapBridge(inventory, link.netdev, (bridge) => ({ ...bridge, isUp }));
      }
      const setUp = (bond: Bond) => (bond.name === link.netdev ? { ...bond, isUp } : bond);
      return { ...inventory, bonds: bonds.map(setUp) };
    }
  }
}

export function addBond(
  inventory: Inventory,
  { bond, mode, ports }: Extract<Step, { kind: "ensureBond" }>["arguments"],
): Inventory {
  const { bonds = [] } = inventory;
  const pfs = ports.map((address) => findPf(inventory, address)?.pf);
  for (const pf of pfs) {
    refuseIf(pf === undefined, "there is no such port");
    refuseIf(pf?.eswitchMode === "switchdev" || pf?.vfCount !== 0, "the port is in use");
    const netdev = pf?.link.netdev ?? "";
    refuseIf(isPlugged(inventory, netdev), "the port is still in OVS");
    refuseIf(
      bonds.some((other) => other.ports.includes(netdev)),
      "the port is in another bond",
    );
  }
  refuseIf(
    bonds.some(({ name }) => name === bond),
    "there is such a bond",
  );
  const names = pfs.flatMap((pf) => pf?.link.netdev ?? []).sort();
  const made = { name: bond, mode, isOurs: true, isUp: false, hasCarrier: true, ports: names };
  return { ...inventory, bonds: [...bonds, made] };
}
