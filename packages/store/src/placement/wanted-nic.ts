import type { Ipv4Address, MacAddress, NicSpec } from "@switchyard/model";
import { type LockedNetwork, type Look, slotKey } from "./lock-and-look.ts";
import type { PlannedVm } from "./placement-store.ts";

/** One NIC that is to be given what it needs. */
export interface WantedNic {
  readonly vm: PlannedVm;
  readonly index: number;
  readonly spec: NicSpec;
  readonly network: LockedNetwork;
  readonly slotMac: MacAddress;
  /** What was asked for, or is bound to the VM or its slot: taken as such or not at all. */
  readonly asked: {
    readonly mac: MacAddress | undefined;
    readonly address: Ipv4Address | undefined;
  };
}

/** The NICs of a VM whose network and slot are there. */
export function wantedNics(vm: PlannedVm, look: Look): readonly WantedNic[] {
  return vm.spec.nics.flatMap((spec, index) => {
    const nic = vm.nics[index];
    const network = look.networks.get(spec.network);
    const slot = nic && look.slots.get(slotKey({ ...nic, host: vm.host }));
    if (nic === undefined || network === undefined || slot === undefined) return [];
    const reserved = network.spec.reservations.find((each) => each.vm === vm.id)?.address;
    const asked = { mac: nic.mac, address: nic.address ?? reserved };
    return [{ vm, index, spec, network, slotMac: slot.mac, asked }];
  });
}
