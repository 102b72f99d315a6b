import { digestOf, InvalidInputError, SwitchyardError } from "@switchyard/model";
import type { SampleRange } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";

/** A watch that was away for longer asks for a range instead: catching up would take it too long. */
const AWAY_MAX_MS = 15 * 60_000;

interface TokenBody {
  readonly samplesToMs: number;
  readonly filter: string;
}

/** Seals and opens the tokens of a watch of samples; they are bound to what is watched. */
export function createSampleTokens(
  { resumeTokens, clock }: Pick<ApiParts, "resumeTokens" | "clock">,
  range: SampleRange,
): {
  seal(seenToMs: number): string;
  /**
   * Undefined for no token.
   *
   * @throws InvalidInputError RESUME_TOKEN_INVALID; SwitchyardError RESUME_TOKEN_TOO_OLD
   */
  open(token: string): number | undefined;
} {
  const filter = digestOf({ watch: "samples", host: range.host ?? "", metric: range.metric ?? "" });
  return {
    seal: (samplesToMs) => resumeTokens.seal({ samplesToMs, filter } satisfies TokenBody),
    open: (token) => {
      if (token === "") return undefined;
      const body = resumeTokens.open(token) as TokenBody | undefined; // its MAC proves its shape
      if (body?.filter !== filter) {
        const description = "was not made for this watch";
        throw new InvalidInputError("RESUME_TOKEN_INVALID", `resume_token ${description}`, {}, [
          { field: "resume_token", description },
        ]);
      }
      if (body.samplesToMs >= clock.nowMs() - AWAY_MAX_MS) return body.samplesToMs;
      throw new SwitchyardError("RESUME_TOKEN_TOO_OLD", "the watch was away for too long", {
        found: new Date(body.samplesToMs).toISOString(),
        needs: "a token of the last 15 minutes",
        try: "swy metrics query METRIC --since 1h",
      });
    },
  };
}
