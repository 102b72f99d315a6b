import { InvalidInputError, type JobId } from "@switchyard/model";
import { jobName } from "../validation/names.ts";

/** A point of a job. */
export interface SnapshotName {
  readonly job: JobId;
  readonly point: string;
}

const PATTERN = /^(jobs\/[^/]+)\/snapshots\/([a-z]+(?:-\d{1,5})?(?:#\d{1,5})?)$/;

/** `jobs/{job}/snapshots/{point}`. */
export const snapshotName = {
  /** @throws InvalidInputError NAME_MALFORMED, ID_MALFORMED */
  parse: (name: string): SnapshotName => {
    const [, job, point] = PATTERN.exec(name) ?? [];
    if (job === undefined || point === undefined) {
      throw new InvalidInputError("NAME_MALFORMED", `"${name}" names no snapshot`, {
        found: name,
        needs: "jobs/{job}/snapshots/{point}, the point being start, step-3, failed or end",
      });
    }
    return { job: jobName.parse(job), point };
  },
  format: ({ job, point }: SnapshotName): string => `${jobName.format(job)}/snapshots/${point}`,
};
