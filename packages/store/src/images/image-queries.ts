import type { HostId, ImageId, ImageSpec, JobFailure, JobId } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

export interface ImageRecord {
  readonly id: ImageId;
  readonly uid: string;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly spec: ImageSpec;
  /** Hosts by the state of their copy. */
  readonly copyCounts: Readonly<Record<ImageCopyState, number>>;
  /** VMs that boot from it. */
  readonly vmCount: number;
}

/**
 * ```
 * fetching --> cached --> fetching
 *     '-----> failed -----'
 * ```
 * fetching -> cached: its job succeeded. fetching -> failed: its job ended otherwise. Back: another job
 * fetches it. A copy goes with its image and with its host.
 */
export type ImageCopyState = "fetching" | "cached" | "failed";

/** An image on one host, as its last job told. */
export interface ImageCopyRecord {
  readonly host: HostId;
  readonly state: ImageCopyState;
  /** Job that brought it, or tries to. */
  readonly job: JobId;
  readonly updatedAtMs: number;
  readonly failure: JobFailure | undefined;
}

export interface ImageReads {
  /** @throws StoreError IMAGE_NOT_FOUND */
  get(id: ImageId): Promise<ImageRecord>;
  find(id: ImageId): Promise<ImageRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest): Promise<Page<ImageRecord>>;
  /** Ascending by host; none for an image that is not there. */
  listCopies(page: PageRequest & { readonly image: ImageId }): Promise<Page<ImageCopyRecord>>;
}

export interface ImageWrites {
  /** @throws StoreError NAME_TAKEN */
  create(draft: { readonly id: ImageId; readonly spec: ImageSpec }): Promise<ImageRecord>;
  /** @throws StoreError IMAGE_NOT_FOUND, ETAG_STALE, RESOURCE_IN_USE while VMs boot from it */
  remove(which: { readonly id: ImageId; readonly etag: string }): Promise<ImageRecord>;
  /**
   * Notes what a job does to a copy. May run twice. Only `fetching` takes a copy away from another job, so
   * that the end of an older one changes nothing; an image that is gone meanwhile is no error.
   */
  setCopy(change: {
    readonly image: ImageId;
    readonly host: HostId;
    readonly state: ImageCopyState;
    readonly job: JobId;
    readonly failure?: JobFailure | undefined;
  }): Promise<void>;
}
