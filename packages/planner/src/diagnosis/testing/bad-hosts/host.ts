import type { HostCheckId } from "@switchyard/model";
import { firmware, OLD_FIRMWARE } from "@switchyard/testkit/builders";
import { type BadHost, driver, inventory, log, look } from "../changes.ts";
import { GIB, NOW_MS } from "../healthy-host.ts";

export const BAD_HOST = {
  A07: ["fail", log("mlx5_core 0000:82:00.0: not enough MMIO resources for SR-IOV")],
  A08: [
    "fail",
    log("mlx5_core 0000:82:00.0: can't enable 64 VFs (bus 83 out of range of [bus 82])"),
  ],
  A09: [
    "fail",
    look({ functions: [{ pciAddress: "0000:82:00.0", isVf: false, driver: undefined }] }),
  ],
  A10: [
    "fail",
    look({ blockedProcesses: [{ pid: 77, command: "vdpa", waitsIn: "vhost_vdpa_remove" }] }),
  ],
  A11: ["warn", log('audit: type=1400 avc:  denied  { read } for pid=4242 comm="qemu-kvm"')],
  A12: [
    "warn",
    inventory((each) => ({ ...each, machine: { ...each.machine, model: "PowerEdge R630" } })),
  ],
  "HOST-CLOCK": ["fail", look({ observedAtMs: NOW_MS - 3_600_000 })],
  "HOST-MEMORY": ["fail", inventory((each) => ({ ...each, memoryBytes: 2 * GIB }))],
  "QEMU-VERSION": ["fail", inventory((each) => ({ ...each, qemuVersion: "4.2.1" }))],
  B06: [
    "warn",
    inventory((each) => ({
      ...each,
      nics: each.nics.map((nic) => ({
        ...nic,
        firmware: { running: firmware(OLD_FIRMWARE), stored: nic.firmware!.stored },
      })),
    })),
  ],
  B10: ["fail", log("mlx5_ib: disagrees about version of symbol mlx5_core_access_reg")],
  B11: ["fail", log("Loading of module mlx5_core: Key was rejected by service")],
  B12: ["warn", driver({ loaded: { version: undefined } })],
  B13: ["fail", driver({ onDisk: [] })],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
