import {
  type Comparison,
  compare,
  type Judgement,
  judge,
  parseCondition,
} from "@switchyard/analysis";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { collect } from "../../input/pairs.ts";
import { defineVerb } from "../../verb.ts";
import { addMetricOption } from "./metric-option.ts";
import { askedFormat, formatReport, REPORT_FORMATS, writeOut } from "./output.ts";
import { inUsage, readSubjects } from "./subjects.ts";

interface Options {
  readonly failIf?: readonly string[];
  readonly metric?: readonly string[];
  readonly file?: string;
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
        "--fail-if <condition>",
        "exit with 1 on a significant change like 'throughput<-5%', or where none could be found; may be repeated",
        collect,
      )
      .option("--file <file>", "write there instead of to stdout");
    addMetricOption(command);
    command.addHelpText(
      "after",
      "\nOne experiment: its modes against its first. Two or three: mode by mode against the first of them.\nDifferences of the environment come first; figures of every ground say which it is.",
    );
  },
  run: async ({ context, args, options }) => {
    const conditions = (options.failIf ?? []).map((text) => inUsage(() => parseCondition(text)));
    const format = askedFormat(context);
    const subjects = await readSubjects(context, args);
    const comparison = inUsage(() => compare(subjects));
    const text = await formatReport(context, comparison, {
      format,
      ...(options.metric !== undefined && { metrics: options.metric }),
    });
    await writeOut(context, text, options.file);
    return conclude(context, comparison, conditions);
  },
});

const OUTCOME_WORDS: Readonly<Record<Judgement["outcome"], string>> = {
  failed: "is met",
  undecided: "can't be decided",
  passed: "is not met",
};

/** Tells what became of each condition. What can't be decided must not pass unseen. */
function conclude(
  { talk }: Context,
  comparison: Comparison,
  conditions: readonly ReturnType<typeof parseCondition>[],
): ExitCode | undefined {
  const judgements = conditions.flatMap((condition) => judge(comparison, condition));
  for (const { condition, outcome, why } of judgements) {
    talk(`${condition.text} ${OUTCOME_WORDS[outcome]}: ${why}`);
  }
  const isFine = judgements.every(({ outcome }) => outcome === "passed");
  return isFine ? undefined : EXIT_CODES.failed.code;
}
