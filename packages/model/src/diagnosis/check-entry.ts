/** Where a check belongs, in the order in which reports show them. */
export const CHECK_GROUPS = [
  "agent",
  "profile",
  "host",
  "driver",
  "firmware",
  "eswitch",
  "vdpa",
  "ovs",
  "vm",
  "performance",
  "controller",
] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

/** A way to mend what a check found that changes nothing for a VM that works. */
export type SafeFix = "apply-profile";

/** What a check is about, for people; what it does to facts is the planner's. */
export interface CheckEntry {
  readonly group: CheckGroup;
  /** What holds when it passes, one sentence. */
  readonly title: string;
  /** Why it fails, likeliest first. */
  readonly causes: readonly [string, ...string[]];
  /** One thing to try. */
  readonly fix: string;
  /** Set where the plan of the host's own profile mends it. */
  readonly safeFix?: SafeFix;
}

/** Worst last. `skip`: not known or not asked for, which is neither good nor bad. */
export const CHECK_STATUSES = ["skip", "pass", "warn", "fail"] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** One check on one subject. */
export interface CheckResult<Id extends string = string> {
  readonly id: Id;
  readonly group: CheckGroup;
  readonly title: string;
  readonly status: CheckStatus;
  /** What was seen, one fact each; of a skipped check, why it was. */
  readonly evidence: readonly string[];
  /** Likeliest first; empty unless it warns or fails. */
  readonly causes: readonly string[];
  /** Empty unless it warns or fails. */
  readonly fix: string;
  readonly safeFix: SafeFix | undefined;
}
