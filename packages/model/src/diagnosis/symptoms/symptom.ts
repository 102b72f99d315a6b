import type { CheckId } from "../checks.ts";

/** How sure the catalogue is that the text means this. */
export type Confidence = "high" | "medium" | "low";

/** One entry of the diagnosis catalogue: an error text, or words of a person, and what is behind it. */
export interface SymptomEntry {
  /** Matches stderr, a line of the kernel log, or a sentence. */
  readonly pattern: RegExp;
  readonly cause: string;
  readonly fix: string;
  /** Checks that tell on a host whether this is it; likeliest first. */
  readonly checks: readonly CheckId[];
  readonly confidence: Confidence;
}

export const symptom = (
  pattern: RegExp,
  cause: string,
  rest: {
    readonly fix: string;
    readonly checks?: readonly CheckId[];
    readonly confidence?: Confidence;
  },
): SymptomEntry => ({
  pattern,
  cause,
  fix: rest.fix,
  checks: rest.checks ?? [],
  confidence: rest.confidence ?? "high",
});
