import { Network, Vm } from "@switchyard/proto";
import type { FleetShape } from "./shape.ts";

const MIB = 1024n * 1024n;

/** A network with room for a VM on every slot of the fleet. */
export const networkRequest = () => ({
  networkId: "lan",
  network: Network.fromPartial({
    spec: {
      bridge: "cxbr0",
      subnet: "10.128.0.0/9",
      ipPool: { first: "10.128.0.10", last: "10.128.255.250" },
      macPool: { first: "52:54:00:00:00:01", last: "52:54:00:00:ff:fe" },
    },
  }),
});

/** The VM that is placed over and over. */
export const benchVm = ({ vmVcpus, vmMemoryMib }: FleetShape): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: vmVcpus,
      memoryBytes: BigInt(vmMemoryMib) * MIB,
      boot: { $case: "disk", value: { path: "/var/lib/images/bench.qcow2", format: "qcow2" } },
      network: "networks/lan",
      hasGuestAgent: true,
    },
  });
