/** Two hosts may each need a minute for a change of mode; a job that is never fetched expires before. */
export const SWITCHING_MS = 30 * 60_000;
/** An image is fetched first, and an emulated guest boots for minutes. */
export const STARTING_MS = 30 * 60_000;
/** Beside what the rounds take. */
export const MEASURING_EXTRA_MS = 15 * 60_000;
export const CLEARING_MS = 15 * 60_000;
/** A host that is lost meanwhile is waited for this long. */
export const RESTORING_MS = 24 * 3_600_000;
