import type { Finding } from "../plan/finding.ts";

/**
 * `restored`: what the boot took away was made again. `intact`: nothing was missing. `refused`: it was not
 * safe, and nothing was touched. `failed`: a step failed; the finding says how the host was left.
 */
export type RestoreState = "restored" | "intact" | "refused" | "failed";

/** What a host did by itself, after a boot, about the datapath that was last applied to it. */
export interface RestoreReport {
  /** The boot after which it was. */
  readonly bootId: string;
  readonly state: RestoreState;
  readonly atMs: number;
  /** Runs of steps it took, at most `RESTORES_PER_BOOT_MAX`; 0 where nothing was to be run. */
  readonly runCount: number;
  /** Titles of the steps that changed something, in order, at most `RESTORE_TITLES_MAX`. */
  readonly changed: readonly string[];
  /** Why it was refused or failed. */
  readonly finding: Finding | undefined;
}

/**
 * Runs of steps in one boot. One is enough where Open vSwitch was running; another is needed where its
 * database could only be read once it was started; the third is for a run that failed.
 */
export const RESTORES_PER_BOOT_MAX = 3;
export const RESTORE_TITLES_MAX = 64;
