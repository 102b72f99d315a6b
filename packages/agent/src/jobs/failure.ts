import { HostFileError } from "@switchyard/host";
import { type JobFailure, SwitchyardError } from "@switchyard/model";

/** Longest value of a fact in a failure. */
const FACT_LENGTH_MAX = 4096;

/** An error as the failure of a job. What has no reason of its own is a bug, and says so. */
export function failureOf(error: unknown, step: string | undefined): JobFailure {
  if (error instanceof SwitchyardError) {
    const { reason, message } = error;
    return { reason, message, metadata: bounded(error.metadata), step };
  }
  if (error instanceof HostFileError) {
    const { path, errno } = error;
    const message = `${path} could not be accessed`;
    return { reason: "FILE_ACCESS_FAILED", message, metadata: { path, errno }, step };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { reason: "INVARIANT_BROKEN", message, metadata: {}, step };
}

const bounded = (metadata: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, value.slice(-FACT_LENGTH_MAX)]),
  );
