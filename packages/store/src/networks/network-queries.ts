import type { NetworkId, NetworkSpec } from "@switchyard/model";
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
}

export interface NetworkWrites {
  /** @throws StoreError NAME_TAKEN */
  create(draft: { readonly id: NetworkId; readonly spec: NetworkSpec }): Promise<NetworkRecord>;
  /** @throws StoreError NETWORK_NOT_FOUND, ETAG_STALE, RESOURCE_IN_USE while VMs are on it */
  remove(which: { readonly id: NetworkId; readonly etag: string }): Promise<NetworkRecord>;
}
