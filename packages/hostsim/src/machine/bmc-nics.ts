import type { VirtualizationMode } from "../bmc/nics.ts";
import { ONBOARD_PORTS } from "./boot.ts";
import type { Machine } from "./machine.ts";
import type { PortSpec } from "./spec.ts";

/** Tells the BMC its NICs. Functions as an R740 calls them: the daughter card's four ports, and the card in slot 3. */
export function addNics(machine: Machine): void {
  const { card, nicVirtualization } = machine.spec;
  const add = (ports: readonly PortSpec[], adapter: string, mode: VirtualizationMode): void => {
    for (const [at, { netdev, pciAddress }] of ports.entries()) {
      machine.bmc.nics.push({
        ...{ adapter, id: `${adapter}-${at + 1}-1`, pciAddress, mode, pendingMode: undefined },
        mac: () => macAt(machine, pciAddress, netdev),
      });
    }
  };
  add(ONBOARD_PORTS, "NIC.Integrated.1", "NONE");
  add(card.ports, "NIC.Slot.3", nicVirtualization);
}

const macAt = ({ boot }: Machine, pciAddress: string, name: string): string =>
  (
    boot.netdevs.get(name) ??
    [...boot.netdevs.values()].find(
      (each) => each.pciAddress === pciAddress && each.vfIndex === undefined,
    )
  )?.mac ?? "00:00:00:00:00:00";
