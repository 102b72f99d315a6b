import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { experimentView } from "../../views/experiment.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<experiment>");
  },
  run: async ({ context, args: [experiment = ""] }) => {
    const { experiments } = await context.client();
    const name = resourceName("experiments", experiment);
    await printOne(context, experimentView, await experiments.getExperiment({ name }));
    if (context.settings.output !== "table") return undefined;
    const { compare } = await import("@switchyard/analysis");
    const { fetchResult } = await import("./subjects.ts");
    const result = await fetchResult(context, experiment);
    const [throughput] = compare([{ kind: "measured", result }]).groups;
    if (throughput === undefined) return undefined;
    const { formatGroup } = await import("../../views/comparison.ts");
    context.out(`\n${formatGroup(throughput, context.style)}`);
    context.talk(`swy bench compare ${result.experiment} shows all metrics`);
    return undefined;
  },
});
