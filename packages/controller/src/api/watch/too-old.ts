import { SwitchyardError } from "@switchyard/model";

/** Whether the log no longer has what comes after a cursor. */
export const isTooOld = (error: unknown): boolean =>
  error instanceof SwitchyardError && error.reason === "RESUME_TOKEN_TOO_OLD";
