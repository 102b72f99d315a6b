import { type JobChange, JobState, type SwitchyardClient, watch } from "@switchyard/client";
import { waitFor } from "@switchyard/testkit";

const DEADLINE_MS = 60_000;

/** A watch of jobs under way, and what it has shown so far. */
export interface JobWatch {
  readonly changes: readonly JobChange[];
  /** The newest token, from which another watch goes on. */
  readonly resumeToken: string;
  /** Newest state of a job that the watch has shown. */
  stateOf(job: string): JobState | undefined;
  /** Waits until the snapshot is complete. */
  synced(): Promise<void>;
  /** Waits until the watch has shown each job's success. */
  showsSucceeded(jobs: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** @param resumeToken of another watch; empty begins with a snapshot */
export function watchJobs(client: SwitchyardClient, resumeToken = ""): JobWatch {
  const aborted = new AbortController();
  const changes: JobChange[] = [];
  let newestToken = resumeToken;
  let isSynced = false;
  const follow = async () => {
    const items = watch(client.jobs.watchJobs, { resumeToken }, { signal: aborted.signal });
    for await (const item of items) {
      if (item.kind === "change") changes.push(item.value);
      if (item.kind === "restarted") throw new Error("the watch missed changes");
      if (item.kind !== "progress") continue;
      newestToken = item.resumeToken;
      isSynced ||= item.isSynced;
    }
  };
  const done = follow();
  done.catch(() => undefined);
  const stateOf = (name: string) => changes.findLast(({ job }) => job?.name === name)?.job?.state;
  return {
    changes,
    get resumeToken() {
      return newestToken;
    },
    stateOf,
    synced: async () => void (await waitFor(() => isSynced, { deadlineMs: DEADLINE_MS })),
    showsSucceeded: async (jobs) => {
      const missing = () => jobs.filter((job) => stateOf(job) !== JobState.SUCCEEDED);
      await waitFor(() => missing().length === 0, {
        deadlineMs: DEADLINE_MS,
        describe: () => `not shown as succeeded: ${missing().join(", ")}`,
      });
    },
    stop: async () => {
      aborted.abort();
      await done;
    },
  };
}
