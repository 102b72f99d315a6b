import type { REPORT_REASONS } from "../reasons/reports.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const REPORT_EXPLANATIONS: ExplanationsOf<typeof REPORT_REASONS> = {
  EXPERIMENTS_NOT_COMPARABLE: because(["one experiment was named twice, or more than three were"]),
  CONDITION_MALFORMED: because([
    "the shell took < or > for a redirection, as the condition was not quoted",
    "the metric has another name, or the percent sign is missing",
  ]),
  EXPERIMENT_FILE_MALFORMED: because([
    "the file is a report, not an export",
    "the file was cut off or changed by hand, or a newer release wrote it",
  ]),
};
