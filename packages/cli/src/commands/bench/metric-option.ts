import { EXPERIMENT_METRICS } from "@switchyard/analysis";
import { type Command, Option } from "commander";
import { UsageError } from "../../usage-error.ts";

const IDS: readonly string[] = EXPERIMENT_METRICS.map(({ id }) => id);

/** Adds `--metric`, which a chart may be given several of. */
export function addMetricOption(command: Command): void {
  const option = new Option("--metric <metric>", "draw this metric; may be repeated").choices(IDS);
  option.argParser((value: string, previous: readonly string[] | undefined) => {
    if (!IDS.includes(value)) {
      throw new UsageError(`"${value}" is no metric of experiments`, [
        `it is one of ${IDS.join(", ")}`,
      ]);
    }
    return [...(previous ?? []), value];
  });
  command.addOption(option);
}
