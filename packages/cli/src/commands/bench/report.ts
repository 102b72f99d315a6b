import { type Comparison, compare } from "@switchyard/analysis";
import type { Context } from "../../context.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { addMetricOption } from "./metric-option.ts";
import {
  askedFormat,
  type DrawOptions,
  formatReport,
  REPORT_FORMATS,
  type ReportFormat,
  writeOut,
} from "./output.ts";
import { inUsage, readSubjects } from "./subjects.ts";

interface Options {
  readonly metric?: readonly string[];
  readonly file?: string;
}

const FORMAT_OF_ENDING: Readonly<Record<string, ReportFormat>> = {
  md: "markdown",
  json: "json",
  yaml: "yaml",
  csv: "csv",
  svg: "svg",
};

const endingOf = (file: string): string => /\.([a-z]+)$/.exec(file)?.[1] ?? "";

/** What was asked for with `-o`, else what the file's name ends with, else a page. @throws UsageError */
function formatFor(context: Context, file: string | undefined): ReportFormat {
  const asked = askedFormat(context);
  if (asked !== "table") return asked;
  if (file === undefined || file === "-") return "markdown";
  const format = FORMAT_OF_ENDING[endingOf(file)];
  if (format !== undefined) return format;
  const endings = Object.keys(FORMAT_OF_ENDING).join(", ");
  throw new UsageError(`the name of ${file} does not tell a format`, [
    `let it end with one of ${endings}, or give -o`,
  ]);
}

/** A page in a file gets its chart beside it. */
async function writePage(
  context: Context,
  comparison: Comparison,
  { file, draw }: { readonly file: string; readonly draw: DrawOptions },
): Promise<void> {
  const chartFile = file.replace(/(\.md)?$/, ".svg");
  const svg = await formatReport(context, comparison, { ...draw, format: "svg" });
  await writeOut(context, svg, chartFile);
  const chart = chartFile.slice(chartFile.lastIndexOf("/") + 1);
  const page = await formatReport(context, comparison, { chart, format: "markdown" });
  await writeOut(context, page, file);
}

export const verb = defineVerb<Options>({
  formats: REPORT_FORMATS,
  configure: (command) => {
    command
      .argument(
        "<subject...>",
        "experiments, exported files, or reference/seed; the first is the baseline",
      )
      .option(
        "--file <file>",
        "write there; its ending tells the format: md, json, yaml, csv, svg",
      );
    addMetricOption(command);
    command.addHelpText(
      "after",
      "\nA page of Markdown unless asked otherwise; written to a file, it has its chart beside it as SVG.\nCSV has the rounds themselves, a line each.",
    );
  },
  run: async ({ context, args, options }) => {
    const { file, metric } = options;
    const format = formatFor(context, file);
    const subjects = await readSubjects(context, args);
    const comparison = inUsage(() => compare(subjects));
    const draw: DrawOptions = metric === undefined ? {} : { metrics: metric };
    if (format === "markdown" && file !== undefined && file !== "-") {
      await writePage(context, comparison, { file, draw });
    } else {
      await writeOut(context, await formatReport(context, comparison, { ...draw, format }), file);
    }
    return undefined;
  },
});
