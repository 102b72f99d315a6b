import { type Inventory, type Nic, type Pf, parsePsid } from "@switchyard/model";
import { buildLink, firmware, pciAddress } from "./values.ts";

/** Firmware that refuses switchdev mode, and one that takes it; both from the seed procedure. */
export const OLD_FIRMWARE = "22.27.61.06";
export const NEW_FIRMWARE = "22.39.10.02";

/** VFs that firmware allows per port (NUM_OF_VFS); those of port 1 follow those of port 0. */
const TOTAL_VFS = 8;

function buildPort(port: 0 | 1): Pf {
  const address = pciAddress(`0000:82:00.${port}`);
  return {
    pciAddress: address,
    link: buildLink(`enp130s0f${port}np${port}`, { mac: `b8:3f:d2:00:00:0${port}` }),
    devlinkHandle: `pci/${address}`,
    numVfsPath: `/sys/bus/pci/devices/${address}/sriov_numvfs`,
    eswitchMode: "legacy",
    totalVfs: TOTAL_VFS,
    vfCount: 0,
    sriov: { offset: port === 0 ? 2 : TOTAL_VFS + 1, stride: 1 },
    fixedVfAddresses: [],
    numaNode: 1,
    pciLink: { speedGtps: 8, width: 16, maxSpeedGtps: 16, maxWidth: 16 },
    carriesManagement: false,
    isClaimed: false,
    vfs: [],
  };
}

/** The two-port ConnectX-6 Dx of the seed procedure, in legacy mode without VFs. */
export function buildConnectX6(firmwareText: string = NEW_FIRMWARE): Nic {
  const version = firmware(firmwareText);
  return {
    nicProfile: "mlx5",
    model: "MT2892 Family [ConnectX-6 Dx]",
    serial: "IL0F6W5N7403101R0001",
    driver: "mlx5_core",
    psid: parsePsid("DEL0000000027"),
    firmware: { running: version, stored: version },
    vdpaModules: ["mlx5_vdpa"],
    vfioDrivers: ["mlx5_vfio_pci", "vfio-pci"],
    pfs: [buildPort(0), buildPort(1)],
  };
}

/** A Dell R740 with one ConnectX-6 Dx as it is before anything was done to it: OVS runs, without bridges. */
export function buildBareR740(overrides: Partial<Inventory> = {}): Inventory {
  return {
    hostKind: "simulated",
    observedAtMs: 0,
    bootId: "6b2c1f0e-1111-4222-8333-444455556666",
    agentVersion: "0.1.0",
    os: {
      id: "rocky",
      versionId: "9.4",
      prettyName: "Rocky Linux 9.4 (Blue Onyx)",
      kernelRelease: "5.14.0-427.13.1.el9_4.x86_64",
    },
    machine: { vendor: "Dell Inc.", model: "PowerEdge R740", serial: "5XK7R93" },
    cpu: {
      modelName: "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
      socketCount: 2,
      threadCount: 80,
      hasVirtualization: true,
    },
    memoryBytes: 384 * 1024 ** 3,
    accelerator: "kvm",
    iommuGroupCount: 112,
    modules: ["mlx5_core", "vfio_pci"],
    nics: [buildConnectX6()],
    ovs: {
      version: "2.17.8",
      isRunning: true,
      hwOffload: false,
      isRestartPending: false,
      bridges: [],
    },
    bonds: [],
    qemuVersion: "8.2.0",
    vms: [],
    findings: [],
    ...overrides,
  };
}
