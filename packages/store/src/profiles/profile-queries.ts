import type { HostProfileSpec, ProfileId } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

export interface ProfileRecord {
  readonly id: ProfileId;
  readonly uid: string;
  readonly etag: string;
  /** Raised by every change of the spec. */
  readonly generation: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly spec: HostProfileSpec;
}

export interface ProfileReads {
  /** @throws StoreError PROFILE_NOT_FOUND */
  get(id: ProfileId): Promise<ProfileRecord>;
  find(id: ProfileId): Promise<ProfileRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest): Promise<Page<ProfileRecord>>;
  /** All of them, for matching selectors; at most 1000. */
  listAll(): Promise<readonly ProfileRecord[]>;
  /** What it was in these generations, without those that are kept no longer. */
  findVersions(
    id: ProfileId,
    generations: readonly number[],
  ): Promise<ReadonlyMap<number, HostProfileSpec>>;
}

export interface ProfileWrites {
  /**
   * The profile, held until the transaction ends; an empty etag is not compared.
   *
   * @throws StoreError PROFILE_NOT_FOUND, ETAG_STALE
   */
  lock(which: { readonly id: ProfileId; readonly etag: string }): Promise<ProfileRecord>;
  /** @throws StoreError NAME_TAKEN */
  create(draft: { readonly id: ProfileId; readonly spec: HostProfileSpec }): Promise<ProfileRecord>;
  /** @throws StoreError PROFILE_NOT_FOUND, ETAG_STALE; an empty etag is not compared */
  update(change: {
    readonly id: ProfileId;
    readonly etag: string;
    readonly spec: HostProfileSpec;
  }): Promise<ProfileRecord>;
  /** @throws StoreError PROFILE_NOT_FOUND, ETAG_STALE, RESOURCE_IN_USE while a host is at the profile */
  remove(which: { readonly id: ProfileId; readonly etag: string }): Promise<ProfileRecord>;
}
