import type { HostCheckId } from "@switchyard/model";
import { firmware, OLD_FIRMWARE } from "@switchyard/testkit/builders";
import { type BadHost, inventory, log, look, netdev, pf, vf } from "../changes.ts";

export const BAD_ESWITCH = {
  C01: [
    "fail",
    inventory((each) => ({
      ...each,
      nics: each.nics.map((nic) => ({
        ...nic,
        firmware: { running: firmware(OLD_FIRMWARE), stored: firmware(OLD_FIRMWARE) },
      })),
    })),
  ],
  C02: ["warn", pf((each) => ({ ...each, eswitchMode: "legacy" }))],
  C04: ["fail", netdev("enp130s0f1np1", { filters: { count: 3, notInHardwareCount: 0 } })],
  C06: ["warn", log("CREATE_FLOW_TABLE(0x930) op_mod(0x0) failed, syndrome (0x98afbb), err(-22)")],
  C08: ["fail", pf((each) => ({ ...each, eswitchMode: "legacy", vfCount: 0, vfs: [] }))],
  C10: ["fail", vf((each) => ({ ...each, representor: { ...each.representor!, isUp: false } }))],
  C12: [
    "fail",
    look({ functions: [{ pciAddress: "0000:82:00.1", isVf: false, driver: "mlx5_vfio_pci" }] }),
  ],
  "VF-COUNT": ["fail", pf((each) => ({ ...each, vfCount: 1, vfs: each.vfs.slice(0, 1) }))],
  "VF-READY": ["fail", vf((each) => ({ ...each, representor: undefined }))],
  "LINK-CARRIER": ["fail", pf((each) => ({ ...each, link: { ...each.link, hasCarrier: false } }))],
  "LINK-VF": [
    "warn",
    (facts) =>
      netdev("enp130s0f0v0", { isUp: false })(vf((each) => ({ ...each, vdpa: undefined }))(facts)),
  ],
  F14: ["fail", vf((each) => ({ ...each, driver: "vfio-pci" }))],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
