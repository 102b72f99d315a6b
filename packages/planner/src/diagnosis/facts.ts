import type {
  Allocation,
  Examination,
  HostDesired,
  Inventory,
  Ipv4Cidr,
  JobState,
  NetworkSpec,
  VmSpec,
  VmState,
} from "@switchyard/model";

/** A VM that was placed on the host. */
export interface PlacedVm {
  readonly vm: string;
  /** `running` is the only state in which its process must be there. */
  readonly state: VmState;
  readonly spec: VmSpec;
  readonly allocation: Allocation;
}

/** Somebody in the fleet who has a MAC: `r740-02 vdpa0`, `vm web-1`. */
export interface MacHolder {
  readonly mac: string;
  readonly host: string;
  readonly holder: string;
  /** The VM that was given it; undefined where a device has it and no VM. */
  readonly vm?: string;
}

/** A job of the host, newest first. */
export interface RecentJob {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly reason: string | undefined;
}

/** What preflight goes by, of a host as it is or as a plan will have made it. */
export type PreflightFacts = Pick<HostFacts, "inventory" | "desired">;

/** Everything a diagnosis of one host is made from. What is undefined is not known. */
export interface HostFacts {
  readonly host: string;
  /** The controller's wall clock when the facts were gathered. */
  readonly nowMs: number;
  readonly presence: {
    readonly state: "enrolled" | "ready" | "suspect" | "lost";
    readonly lastSeenAtMs: number | undefined;
  };
  readonly inventory: Inventory | undefined;
  /** Names of the profiles whose selectors match. */
  readonly matchingProfiles: readonly string[];
  /** The one matching profile made concrete; undefined where none or several match. */
  readonly desired: HostDesired | undefined;
  /** Why the one matching profile could not be made concrete, such as an address range that is used up. */
  readonly desireTrouble: string | undefined;
  /** A job brought the host to a profile once. */
  readonly isApplied: boolean;
  readonly vms: readonly PlacedVm[];
  /** Networks of those VMs, by name. */
  readonly networks: Readonly<Record<string, NetworkSpec>>;
  /** Addresses that this host's bridges carry or shall carry. */
  readonly bridgeAddresses: readonly Ipv4Cidr[];
  /** MACs of vDPA devices and VMs of the whole fleet. */
  readonly macs: readonly MacHolder[];
  readonly jobs: readonly RecentJob[];
  readonly examination: Examination | undefined;
  /** Why there is no examination. */
  readonly silence: string | undefined;
}
