import { type Experiment, ExperimentState, watch } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { experimentLine, experimentView } from "../../views/experiment.ts";

const ENDED: readonly ExperimentState[] = [
  ExperimentState.SUCCEEDED,
  ExperimentState.FAILED,
  ExperimentState.CANCELLED,
];

/**
 * Tells of an experiment as it goes, until it has ended. Ctrl-C only detaches.
 *
 * @returns the exit code: 0 only where it succeeded
 */
export async function followExperiment(context: Context, name: string): Promise<ExitCode> {
  const { experiments } = await context.client();
  const signal = context.io.signal;
  let told = "";
  for await (const item of watch(experiments.watchExperiments, { resumeToken: "" }, { signal })) {
    const experiment = item.kind === "change" ? item.value.experiment : undefined;
    if (experiment?.name !== name) continue;
    const line = experimentLine(experiment, context.talkStyle);
    if (line !== told) context.talk(line);
    told = line;
    if (!ENDED.includes(experiment.state)) continue;
    return tellEnd(context, experiment);
  }
  context.talk(`detached; ${name} goes on`);
  context.talk(`  look    swy bench get ${shortName(name)}`);
  context.talk(`  stop    swy bench cancel ${shortName(name)} --reason …`);
  return EXIT_CODES.interrupted.code;
}

async function tellEnd(context: Context, experiment: Experiment): Promise<ExitCode> {
  await printOne(context, experimentView, experiment);
  if (experiment.roundsDone > 0) {
    context.talk(`compare the modes: swy bench compare ${shortName(experiment.name)}`);
  }
  const isGood = experiment.state === ExperimentState.SUCCEEDED;
  return isGood ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}
