import type { NetworkId, NetworkSpec, VmId } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

export interface NetworkRecord {
  readonly id: NetworkId;
  readonly uid: string;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly spec: NetworkSpec;
  readonly allocatedAddressCount: number;
}

export interface NetworkReads {
  /** @throws StoreError NETWORK_NOT_FOUND */
  get(id: NetworkId): Promise<NetworkRecord>;
  find(id: NetworkId): Promise<NetworkRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest): Promise<Page<NetworkRecord>>;
  /** VMs that have an address of the network, ascending, at most `VMS_NAMED_MAX`. */
  listVms(id: NetworkId): Promise<readonly VmId[]>;
}

/** Members of a spec that no port of a VM has to be told of. */
export const MUTABLE_IN_USE = ["ipPool", "macPool", "reservations"] as const;

/** VMs named where a network can't be changed for their sake; more are counted. */
export const VMS_NAMED_MAX = 20;

export interface NetworkWrites {
  /** @throws StoreError NAME_TAKEN */
  create(draft: { readonly id: NetworkId; readonly spec: NetworkSpec }): Promise<NetworkRecord>;
  /**
   * Replaces the spec. With VMs on the network only `MUTABLE_IN_USE` may differ.
   *
   * @param change.etag empty is not compared
   * @throws StoreError NETWORK_NOT_FOUND, ETAG_STALE, RESOURCE_IN_USE with the fields and the VMs, IP_TAKEN
   *   where an address is reserved that another VM has
   */
  update(change: {
    readonly id: NetworkId;
    readonly etag: string;
    readonly spec: NetworkSpec;
  }): Promise<NetworkRecord>;
  /** @throws StoreError NETWORK_NOT_FOUND, ETAG_STALE, RESOURCE_IN_USE while VMs are on it */
  remove(which: { readonly id: NetworkId; readonly etag: string }): Promise<NetworkRecord>;
}
