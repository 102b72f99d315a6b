import { type Sample, systemTiming } from "@switchyard/client";
import { isMetricName } from "@switchyard/model";
import type { Context } from "../../context.ts";
import { parseDuration } from "../../input/duration.ts";
import { resourceName } from "../../input/names.ts";
import { printList } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { sampleView } from "../../views/sample.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

interface Options extends ListOptions {
  readonly host?: string;
  readonly object?: string;
  readonly since?: string;
}

const LIMIT_DEFAULT = 1000;

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("[metric]", "one of those that swy metrics list names; default: all")
      .option("--host <host>", "only samples of this host")
      .option("--object <object>", "only samples of this netdev, VF or VM")
      .option(
        "--since <duration>",
        "all samples of the last 10m, say; default: the newest of each",
      );
    addListOptions(command, { watch: false });
  },
  run: async ({ context, args: [metric = ""], options }) => {
    if (metric !== "" && !isMetricName(metric)) {
      throw new UsageError(`"${metric}" is no metric`, ["swy metrics list names them"]);
    }
    const samples = await fetchSamples(context, metric, options);
    const shown = samples.filter(
      ({ object }) => options.object === undefined || object === options.object,
    );
    await printList(context, sampleView, shown);
    return undefined;
  },
});

async function fetchSamples(
  context: Context,
  metric: string,
  options: Options,
): Promise<readonly Sample[]> {
  const { telemetry } = await context.client();
  const filter = {
    host: options.host === undefined ? "" : resourceName("hosts", options.host),
    metric,
  };
  if (options.since === undefined) return (await telemetry.listLatestSamples(filter)).samples;
  const nowMs = systemTiming.nowMs();
  const startTime = new Date(nowMs - parseDuration(options.since));
  const endTime = new Date(nowMs);
  return collectItems(
    (page) => telemetry.listSamples({ ...filter, ...page, startTime, endTime }),
    (page) => page.samples,
    { ...options, limitDefault: LIMIT_DEFAULT },
  );
}
