import { FindingSeverity, type Plan, PlanGoal, PlanState, VmPolicy } from "@switchyard/client";
import { Option } from "commander";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";
import { printList, printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { planView } from "../../views/plan.ts";

interface Options extends MutationOptions {
  readonly host: readonly string[];
  readonly teardown?: boolean;
  readonly reboot?: string;
  readonly vms?: string;
  readonly exitCode?: boolean;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .requiredOption("--host <host>", "host to plan; may be repeated", collect)
      .option("--teardown", "take away everything Switchyard made on the host")
      .option("--reboot <reason>", "boot the host, and bring it back to its profile")
      .addOption(
        new Option("--vms <policy>", "what becomes of VMs the plan would break").choices(
          Object.keys(VM_POLICIES),
        ),
      )
      .option("--exit-code", "exit 10 when there is something to do, 7 when a finding blocks it");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, options }) => {
    const { plans } = await context.client();
    const made: Plan[] = [];
    for (const host of options.host) {
      const id = requestIdOf(options);
      const plan = await plans.createPlan({
        host: resourceName("hosts", host),
        goal: goalOf(options),
        reason: options.reboot ?? "",
        vmPolicy: VM_POLICIES[options.vms ?? "refuse"] ?? VmPolicy.UNSPECIFIED,
        // One id names one request: with several hosts each gets its own.
        requestId: options.host.length === 1 ? id : `${id}.${shortName(host)}`,
        validateOnly: options.dryRun === true,
      });
      made.push(plan);
      if (context.settings.output === "table") await printOne(context, planView, plan);
    }
    const [only, ...others] = made;
    if (context.settings.output !== "table") {
      if (only !== undefined && others.length === 0) await printOne(context, planView, only);
      else await printList(context, planView, made);
    }
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    else
      made.filter(isApplicable).forEach((plan) => {
        context.talk(applyLine(plan));
      });
    return options.exitCode ? exitCodeOf(made) : undefined;
  },
});

const VM_POLICIES: Readonly<Record<string, VmPolicy>> = {
  refuse: VmPolicy.REFUSE,
  stop: VmPolicy.STOP,
  force: VmPolicy.FORCE,
};

function goalOf({ teardown, reboot }: Options): PlanGoal {
  if (teardown && reboot !== undefined)
    throw new UsageError("give --teardown or --reboot, not both");
  if (teardown) return PlanGoal.TEAR_DOWN;
  return reboot === undefined ? PlanGoal.APPLY_PROFILE : PlanGoal.REBOOT;
}

const isApplicable = ({ state }: Plan): boolean => state === PlanState.READY;

/** Exactly what applies this plan and no other. */
const applyLine = ({ name, etag }: Plan): string =>
  `apply it: swy plan apply ${shortName(name)} --etag ${etag}`;

function exitCodeOf(plans: readonly Plan[]): ExitCode | undefined {
  const findings = plans.flatMap((plan) => plan.findings);
  if (findings.some(({ severity }) => severity === FindingSeverity.ERROR)) {
    return EXIT_CODES.precondition.code;
  }
  return plans.some(({ steps }) => steps.length > 0) ? EXIT_CODES.changes.code : undefined;
}
