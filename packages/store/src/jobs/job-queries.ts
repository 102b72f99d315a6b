import type { HostId, JobEvent, JobId, JobKind, JobState } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";
import type { HostChange, JobDraft, JobEnd, JobRecord } from "./job-record.ts";

/** A job as a list of what happened lately shows it. */
export type RecentJob = Pick<JobRecord, "id" | "kind" | "state" | "failure">;

export interface JobReads {
  /** @throws StoreError JOB_NOT_FOUND */
  get(id: JobId): Promise<JobRecord>;
  find(id: JobId): Promise<JobRecord | undefined>;
  /** Newest first. */
  list(
    page: PageRequest & {
      readonly host?: HostId | undefined;
      /** Empty: all states. */
      readonly states?: readonly JobState[];
    },
  ): Promise<Page<JobRecord>>;
  /** The newest jobs of each host, newest first, without what they were for. */
  listRecent(
    hosts: readonly HostId[],
    size: number,
  ): Promise<ReadonlyMap<HostId, readonly RecentJob[]>>;
  /**
   * What the newest 50 jobs of a host tell of changes to it. An unknown host has seen none.
   *
   * @param kinds jobs that count; left out: all that change a host
   */
  readHostChange(host: HostId, kinds?: readonly JobKind[]): Promise<HostChange>;
  /** Ascending by epoch and number. */
  listEvents(page: PageRequest & { readonly job: JobId }): Promise<Page<JobEvent>>;
}

export interface JobWrites {
  /**
   * Writes the job and its outbox row.
   *
   * @throws StoreError HOST_NOT_FOUND, HOST_NOT_READY when the job is exclusive and another exclusive one
   *   is not at its end, NAME_TAKEN when the id was used
   */
  create(draft: JobDraft): Promise<JobRecord>;
  /**
   * Cancels a job that was never sent at once; otherwise marks it, and the agent must be told. A job at
   * its end stays as it is.
   *
   * @throws StoreError JOB_NOT_FOUND
   */
  requestCancel(id: JobId): Promise<JobRecord>;
  /** Ends a job unless it has ended: then undefined. Takes it out of the outbox; runs the end's effects. */
  end(end: JobEnd): Promise<JobRecord | undefined>;
  /** Sends a live job again under the next epoch; events of the one before are dropped from now on. */
  reassign(id: JobId): Promise<JobRecord>;
}
