import { UsageError } from "../usage-error.ts";
import { resourceName } from "./names.ts";

const POINT = /^[a-z]+(?:-\d+)?(?:#\d+)?$/;

/**
 * Full name of a snapshot from its job and its point: `start`, `step-3`, `failed`, `end`.
 *
 * @throws UsageError
 */
export function snapshotNameOf(job: string, point: string): string {
  if (!POINT.test(point)) {
    throw new UsageError(`"${point}" is no point of a job`, ["start, step-3, failed, end"]);
  }
  return `${resourceName("jobs", job)}/snapshots/${point}`;
}
