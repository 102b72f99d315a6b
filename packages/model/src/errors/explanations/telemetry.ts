import type { TELEMETRY_REASONS } from "../reasons/telemetry.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const TELEMETRY_EXPLANATIONS: ExplanationsOf<typeof TELEMETRY_REASONS> = {
  QUERY_TOO_LARGE: because([
    "raw samples of many hosts are read over a long range: a step of 1m or more reads rollups",
    "every object is a group of its own, where a sum was meant",
  ]),
};
