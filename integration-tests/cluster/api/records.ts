import { DatapathMode, Network, Profile, Vm } from "@switchyard/proto";

/** Shape of a profile that tests change a field of. */
export interface ProfileChange {
  readonly selector?: Readonly<Record<string, string>>;
  readonly vfCount?: number;
  readonly bridge?: string;
  readonly addresses?: readonly [first: string, last: string] | undefined;
}

/** The seed procedure's profile: two VFs on port 0, 16 queue pairs, bridge cxbr0, hw-offload. */
export const profileOf = (change: ProfileChange = {}): Profile => {
  const [first, last] = change.addresses ?? ["192.168.101.2", "192.168.101.9"];
  return Profile.fromPartial({
    spec: {
      selector: { ...(change.selector ?? { pool: "vdpa" }) },
      datapath: {
        mode: DatapathMode.VDPA,
        uplink: { $case: "uplinkPort", value: 0 },
        vfCount: change.vfCount ?? 2,
        maxVqp: 16,
        bridge: {
          name: change.bridge ?? "cxbr0",
          addressRange: { first, last, prefixLength: 24 },
        },
        hwOffload: true,
      },
    },
  });
};

export interface NetworkChange {
  readonly bridge?: string;
  readonly ips?: readonly [first: string, last: string];
  readonly macs?: readonly [first: string, last: string];
}

export const networkOf = (change: NetworkChange = {}): Network => {
  const [firstIp, lastIp] = change.ips ?? ["192.168.101.20", "192.168.101.60"];
  const [firstMac, lastMac] = change.macs ?? ["52:54:00:cb:45:11", "52:54:00:cb:45:ff"];
  return Network.fromPartial({
    spec: {
      bridge: change.bridge ?? "cxbr0",
      subnet: "192.168.101.0/24",
      ipPool: { first: firstIp, last: lastIp },
      macPool: { first: firstMac, last: lastMac },
    },
  });
};

export interface VmChange {
  readonly vcpuCount?: number;
  readonly memoryBytes?: bigint;
  readonly queuePairs?: number;
  readonly network?: string;
  readonly hostSelector?: Readonly<Record<string, string>>;
  readonly hasGuestAgent?: boolean;
}

export const vmOf = (change: VmChange = {}): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: change.vcpuCount ?? 4,
      memoryBytes: change.memoryBytes ?? 4n * 1024n ** 3n,
      boot: {
        $case: "disk",
        value: { path: "/var/lib/switchyard/images/rocky9.qcow2", format: "qcow2" },
      },
      network: change.network ?? "networks/lan",
      queuePairs: change.queuePairs ?? 0,
      hostSelector: { ...change.hostSelector },
      hasGuestAgent: change.hasGuestAgent ?? true,
    },
  });
