import {
  type Comparison,
  comparisonDocument,
  formatCsv,
  formatMarkdown,
  formatSvg,
} from "@switchyard/analysis";
import type { Context } from "../../context.ts";
import { formatDocument } from "../../output/print.ts";
import type { SpecialFormat } from "../../settings.ts";
import { UsageError } from "../../usage-error.ts";
import { formatComparison } from "../../views/comparison.ts";

/** Formats of a comparison or report. */
export const REPORT_FORMATS = [
  "csv",
  "markdown",
  "svg",
] as const satisfies readonly SpecialFormat[];

export type ReportFormat = "table" | "json" | "yaml" | SpecialFormat;

/** @throws UsageError for bare names, which a comparison has none of */
export function askedFormat({ settings }: Context): ReportFormat {
  const { output, specialFormat } = settings;
  if (output === "name") throw new UsageError("-o name is not for this command");
  return specialFormat ?? output;
}

/** CSV has the rounds themselves: published figures have none. @throws UsageError */
function rawRounds({ subjects }: Comparison): string {
  const results = subjects.flatMap((subject) =>
    subject.kind === "measured" ? [subject.result] : [],
  );
  if (results.length > 0) return formatCsv(results);
  throw new UsageError("published figures have no rounds, so there is nothing to write as CSV");
}

export interface DrawOptions {
  /** Of the chart; undefined: those that matter most. */
  readonly metrics?: readonly string[];
  /** Path of the chart that a page of Markdown shows. */
  readonly chart?: string;
}

/** A comparison as text, in any format. */
export async function formatReport(
  context: Context,
  comparison: Comparison,
  options: DrawOptions & { readonly format: ReportFormat },
): Promise<string> {
  const { format, metrics, chart } = options;
  switch (format) {
    case "table":
      return formatComparison(comparison, context.style);
    case "json":
    case "yaml":
      return formatDocument(format, comparisonDocument(comparison));
    case "csv":
      return rawRounds(comparison);
    case "markdown":
      return formatMarkdown(comparison, chart === undefined ? {} : { chart });
    case "svg":
      return formatSvg(comparison, metrics === undefined ? {} : { metrics });
  }
}

/** Writes to the file, or to stdout where none was named. @throws UsageError */
export async function writeOut(
  context: Context,
  text: string,
  file: string | undefined,
): Promise<void> {
  if (file === undefined || file === "-") {
    context.out(text);
    return;
  }
  try {
    await context.io.writeText(file, text);
  } catch (error) {
    throw new UsageError(`can't write ${file}, given with --file`, [String(error)]);
  }
  context.talk(`wrote ${file}`);
}
