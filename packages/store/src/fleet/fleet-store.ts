import type {
  AffinityRule,
  HostId,
  ImageId,
  LabelSelector,
  PciAddress,
  VmId,
} from "@switchyard/model";
import type { ChangeOperation, Log } from "../changes/change.ts";
import type { HostRecord, SlotRecord } from "../hosts/host-record.ts";
import type { NetworkRecord } from "../networks/network-queries.ts";
import type { VmRecord } from "../vms/vm-queries.ts";

/** A VM on a host, as far as the placement of others minds. */
export interface ResidentRecord {
  readonly vm: VmId;
  readonly labels: LabelSelector;
  readonly affinity: readonly AffinityRule[];
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** Undefined: ordinary pages. */
  readonly hugepageBytes?: number | undefined;
  readonly slots: readonly { readonly pf: PciAddress; readonly vfIndex: number }[];
}

/** A host with everything that placement looks at. */
export interface FleetHost {
  readonly host: HostRecord;
  /** Slots reserved on the host, in order of PF and index, free and taken. */
  readonly slots: readonly Pick<SlotRecord, "pf" | "vfIndex">[];
  readonly residents: readonly ResidentRecord[];
  /** Images whose copy is there, or on its way. */
  readonly images: readonly ImageId[];
}

/** What placement follows. Hosts and images are told by name: they are read again where they changed. */
export type FleetChange =
  | { readonly kind: "hosts"; readonly key: HostId }
  | { readonly kind: "images"; readonly key: ImageId }
  | {
      readonly kind: "vms";
      readonly key: VmId;
      readonly operation: ChangeOperation;
      readonly record: VmRecord;
    }
  | {
      readonly kind: "networks";
      readonly key: string;
      readonly operation: ChangeOperation;
      readonly record: NetworkRecord;
    };

/** The fleet for placement: read once, then followed. */
export interface FleetStore {
  readonly changes: Log<FleetChange>;
  /** Ascending by name, at most `size` of them: an inventory has 100 KiB and more. */
  listHosts(page: {
    readonly after: HostId | undefined;
    readonly size: number;
  }): Promise<readonly FleetHost[]>;
  /** Those that are there, ascending by name. */
  readHosts(ids: readonly HostId[]): Promise<readonly FleetHost[]>;
  /** Hosts with a copy of the image, or one on its way. */
  listHostsWith(image: ImageId): Promise<readonly HostId[]>;
  /** Hosts on which an exclusive job waits or runs. */
  listBusyHosts(): Promise<readonly HostId[]>;
}
