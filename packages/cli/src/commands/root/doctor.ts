import {
  type DiagnosisReport,
  type SwitchyardClient,
  SymptomExplanation,
} from "@switchyard/client";
import { Option } from "commander";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { addMutationOptions, type MutationOptions } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";
import { printDocument, printList, printOne } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { checkView, diagnosisView, exitCodeOf } from "../../views/diagnosis.ts";
import { formatSymptom } from "../../views/symptom.ts";
import { collectItems } from "../listing.ts";
import { fixSafely } from "./safe-fix.ts";

interface Options extends MutationOptions {
  readonly only?: readonly string[];
  readonly listChecks?: boolean;
  readonly symptom?: string;
  readonly fix?: "safe";
}

/** Hosts that look at themselves at once, in a summary of all. */
const HOSTS_AT_ONCE = 4;

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("[host]", "host to look at; all of them and the control plane without one")
      .option("--only <id>", "run this check only; may be repeated", collect)
      .option("--list-checks", "list the checks there are")
      .option("--symptom <text>", 'an error text, or words such as "VM can\'t ping"')
      .addOption(new Option("--fix <which>", "mend what is safe to mend").choices(["safe"]));
    addMutationOptions(command, { dryRun: false, wait: false });
  },
  run: async ({ context, args: [host], options }) => {
    const { diagnosis } = await context.client();
    if (options.listChecks) {
      const { checks } = await diagnosis.listChecks({});
      await printList(context, checkView, checks);
      return undefined;
    }
    if (options.fix !== undefined && host === undefined) {
      throw new UsageError("--fix needs one host", ["swy doctor HOST --fix safe"]);
    }
    if (host === undefined) return await all(context, options);
    return await one(context, resourceName("hosts", host), options);
  },
});

async function one(context: Context, name: string, options: Options): Promise<ExitCode> {
  const { diagnosis } = await context.client();
  const { only = [], symptom = "" } = options;
  const diagnose = () => diagnosis.diagnoseHost({ name, only: [...only], symptom });
  let report = await diagnose();
  if (options.fix === "safe") {
    const outcome = await fixSafely(context, report, options);
    if (outcome.kind === "ended") return outcome.code;
    if (outcome.kind === "mended") report = await diagnose();
  }
  if (report.symptom !== undefined && context.settings.output === "table") {
    context.out(formatSymptom(report.symptom, context.style));
  } else await printOne(context, diagnosisView, report);
  return exitCodeOf([report]);
}

async function all(context: Context, options: Options): Promise<ExitCode> {
  const client = await context.client();
  if (options.symptom !== undefined) {
    const explanation = await client.diagnosis.explainSymptom({ text: options.symptom });
    const text = formatSymptom(explanation, context.style);
    await printDocument(context, { json: SymptomExplanation.toJSON(explanation), text });
    return EXIT_CODES.ok.code;
  }
  const reports = await diagnoseAll(client, options.only ?? []);
  await printList(context, diagnosisView, reports);
  return exitCodeOf(reports);
}

/** The control plane first, then the hosts by name. Ids of `only` go to whom they are about. */
async function diagnoseAll(
  client: SwitchyardClient,
  only: readonly string[],
): Promise<readonly DiagnosisReport[]> {
  const isOfController = (id: string) => id.startsWith("CTL-");
  const ofHosts = only.filter((id) => !isOfController(id));
  const ofController = only.filter(isOfController);
  const isWanted = (ids: readonly string[]) => only.length === 0 || ids.length > 0;
  const controller = isWanted(ofController)
    ? [await client.diagnosis.diagnoseController({ only: ofController })]
    : [];
  if (!isWanted(ofHosts)) return controller;
  const hosts = await collectItems(
    (page) => client.hosts.listHosts(page),
    (page) => page.hosts,
    {},
  );
  const waiting = hosts.map(({ name }) => name);
  const reports: DiagnosisReport[] = [];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      reports.push(await client.diagnosis.diagnoseHost({ name, only: ofHosts }));
    }
  };
  await Promise.all(Array.from({ length: HOSTS_AT_ONCE }, work));
  return [...controller, ...reports.sort((left, right) => (left.subject < right.subject ? -1 : 1))];
}
