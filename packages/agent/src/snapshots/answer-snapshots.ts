import type { CommandAnswer } from "@switchyard/bus";
import type { Host } from "@switchyard/host";
import type { HostId, JobId } from "@switchyard/model";
import { readSeries } from "./series-folder.ts";

/** What a controller gets that asks for the snapshots of a job. @throws HostFileError */
export async function answerSnapshots(
  host: Host,
  of: { readonly host: HostId; readonly job: JobId | undefined },
): Promise<CommandAnswer> {
  const { job } = of;
  const snapshots = job === undefined ? undefined : await readSeries(host, { ...of, job });
  if (snapshots === undefined) {
    const message = "this host has no snapshots of the job";
    return { isDone: false, reason: "SNAPSHOT_NOT_FOUND", message };
  }
  const message = `${snapshots.records.length} snapshots`;
  return { isDone: true, reason: undefined, message, snapshots };
}
