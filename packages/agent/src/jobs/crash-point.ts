import type { JobKind, StepKind } from "@switchyard/model";

/**
 * Moments at which a chaos test may end the process. `accept`, `plan` and `end` belong to the job, the
 * others to a step.
 */
export const CRASH_PHASES = [
  "after-accept",
  "after-plan",
  "before-intent",
  "after-intent",
  "after-effect",
  "after-done",
  "after-undo",
  "before-end",
  "after-end",
] as const;
export type CrashPhase = (typeof CRASH_PHASES)[number];

export interface CrashPlace {
  readonly job: JobKind;
  readonly step: StepKind | "job";
  readonly phase: CrashPhase;
}

/** Told about every boundary; in a chaos test it does not come back from the chosen one. */
export interface CrashPoint {
  reach(place: CrashPlace): Promise<void>;
}

export const noCrash: CrashPoint = { reach: async () => undefined };

/** `apply-host:ensureVfCount:after-intent`, as SY_CRASH_AT takes it. */
export const formatCrashPlace = ({ job, step, phase }: CrashPlace): string =>
  `${job}:${step}:${phase}`;
