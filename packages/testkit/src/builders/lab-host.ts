import type { Inventory } from "@switchyard/model";
import { buildBareR740 } from "./r740.ts";
import { buildLink, pciAddress, slotMac } from "./values.ts";

/**
 * The lab host's composite NIC before anything was done to it: eswitch and VF count are netdevsim's,
 * the VFs are virtio functions whose vDPA MAC is fixed.
 */
export function buildBareLabHost(overrides: Partial<Inventory> = {}): Inventory {
  return buildBareR740({
    hostKind: "lab",
    os: {
      id: "debian",
      versionId: "12",
      prettyName: "Debian GNU/Linux 12 (bookworm)",
      kernelRelease: "6.12.117+deb12-amd64",
    },
    machine: { vendor: "QEMU", model: "Standard PC (Q35 + ICH9, 2009)", serial: "lab-1" },
    cpu: {
      modelName: "QEMU TCG CPU version 2.5+",
      socketCount: 1,
      threadCount: 4,
      hasVirtualization: false,
    },
    memoryBytes: 4 * 1024 ** 3,
    accelerator: "tcg",
    iommuGroupCount: 12,
    modules: ["netdevsim", "virtio_net"],
    nics: [
      {
        nicProfile: "mapped",
        model: "netdevsim with vp_vdpa",
        serial: "lab-nic-1",
        driver: "netdevsim",
        psid: undefined,
        firmware: undefined,
        vdpaModules: ["vp_vdpa"],
        vfioDrivers: ["vfio-pci"],
        pfs: [
          {
            pciAddress: pciAddress("0000:05:00.0"),
            link: buildLink("uplink0", { mac: "02:00:00:00:01:00", isUp: false }),
            devlinkHandle: "netdevsim/netdevsim1",
            numVfsPath: "/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs",
            eswitchMode: "legacy",
            totalVfs: 2,
            vfCount: 0,
            sriov: undefined,
            fixedVfAddresses: [pciAddress("0000:01:00.0"), pciAddress("0000:02:00.0")],
            numaNode: -1,
            pciLink: undefined,
            carriesManagement: false,
            isClaimed: false,
            vfs: [],
          },
        ],
      },
    ],
    ovs: {
      version: "3.1.0",
      isRunning: false,
      hwOffload: false,
      isRestartPending: false,
      bridges: [],
    },
    qemuVersion: "7.2.19",
    ...overrides,
  });
}

/** The MAC that the lab's VF `index` is born with; builders make it the slot's MAC too. */
export const labVfMac = slotMac;
