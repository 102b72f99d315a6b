import type { HostCheckId } from "@switchyard/model";
import { buildDatapath, buildHostDesired, buildSystemSpec } from "@switchyard/testkit/builders";
import { type BadHost, datapath, inventory, pf, system } from "../changes.ts";
import { GIB } from "../healthy-host.ts";

export const BAD_PREFLIGHT = {
  A01: ["fail", inventory((each) => ({ ...each, accelerator: "tcg" }))],
  A02: ["fail", inventory((each) => ({ ...each, iommuGroupCount: 0 }))],
  A03: ["warn", system({ kernelArguments: ["ro", "iommu=pt"] })],
  "HOST-NESTED": ["warn", system({ virtualization: "kvm" })],
  A04: ["fail", pf((each) => ({ ...each, totalVfs: 0 }))],
  A06: ["fail", datapath({ vfCount: 9 })],
  "HOST-NIC": ["fail", inventory((each) => ({ ...each, nics: [] }))],
  "MGMT-PATH": ["fail", pf((each) => ({ ...each, carriesManagement: true }))],
  G01: [
    "warn",
    pf((each) => ({
      ...each,
      pciLink: { speedGtps: 8, width: 8, maxSpeedGtps: 16, maxWidth: 16 },
    })),
  ],
  G02: ["warn", pf((each) => ({ ...each, numaNode: -1 }))],
  "HOST-DISK": [
    "fail",
    system({ disks: [{ path: "/var", sizeBytes: 100 * GIB, availableBytes: 0.2 * GIB }] }),
  ],
  "HOST-HUGEPAGES": ["fail", system({ hugepages: [{ sizeBytes: GIB, count: 380 }] })],
  "HOST-TIME": ["warn", system({ isTimeSynchronized: false })],
  "HOST-REBOOT": ["warn", system({ rebootRequiredBy: ["kernel"] })],
  "HOST-SELINUX": [
    "warn",
    (facts) => ({
      ...system({ selinux: "enforcing" })(facts),
      desired: {
        ...buildHostDesired(buildDatapath()),
        system: buildSystemSpec({ disablesSelinux: true }),
      },
    }),
  ],
  "HOST-SECURE-BOOT": ["warn", system({ isSecureBoot: true, lockdown: "integrity" })],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
