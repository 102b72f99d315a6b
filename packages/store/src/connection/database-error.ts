import { StoreError, SwitchyardError } from "@switchyard/model";

/** SQLSTATE of an error of pg, also where drizzle wrapped it; undefined for one of the connection. */
export function sqlState(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === "string" && SQLSTATE.test(code)) return code;
  }
  return undefined;
}

/** Five upper-case letters or digits; errno names such as ECONNREFUSED are longer. @see SQL:2016, 24.1 */
const SQLSTATE = /^[0-9A-Z]{5}$/;

const SERIALIZATION_FAILURE = "40001";
const DEADLOCK_DETECTED = "40P01";

/** Class 08, and the server going down, starting up or full. @see PostgreSQL manual, appendix A */
const isServerAway = (state: string): boolean =>
  state.startsWith("08") || state.startsWith("57P") || state.startsWith("53");

/** Query and lock cancelled by our own time limits. */
const TIME_LIMITS = new Set(["57014", "55P03", "25P03", "25P04"]);

/** What went wrong, as far as a caller of the store cares. */
export type DatabaseFault =
  /** Ours: passed through. */
  | "raised"
  /** Nothing was changed; trying the whole transaction again is right. */
  | "conflict"
  /** The server or the connection to it is gone; what was sent may or may not have happened. */
  | "away"
  | "bug";

export function faultOf(error: unknown): DatabaseFault {
  if (error instanceof SwitchyardError) return "raised";
  const state = sqlState(error);
  if (state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED) return "conflict";
  if (state !== undefined) return isServerAway(state) || TIME_LIMITS.has(state) ? "away" : "bug";
  // Without SQLSTATE it came from the socket or from pg's own timers; a bug of ours is a TypeError or such.
  return isOfJavaScript(error) ? "bug" : "away";
}

function isOfJavaScript(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof TypeError || each instanceof RangeError || each instanceof SyntaxError) {
      return true;
    }
  }
  return false;
}

/** An error of the database as the store's callers see it. Our own errors pass as they are. */
export function toStoreError(error: unknown, isCommitUnknown: boolean): unknown {
  switch (faultOf(error)) {
    case "raised":
    case "bug":
      return error;
    case "conflict":
    case "away":
      return new StoreError(
        "DATABASE_UNAVAILABLE",
        isCommitUnknown
          ? "the database went away during a commit: it may have happened"
          : "the database does not answer",
        { try: "send the request again with the same request id" },
        { cause: error, retry: isCommitUnknown ? "observe-first" : "safe" },
      );
  }
}
