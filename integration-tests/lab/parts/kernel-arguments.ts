import { commandLines } from "@switchyard/dev/main-job";
import { JobState, PlanState, SystemSpec } from "@switchyard/proto";
import type { LabContext, LabPart } from "../context.ts";
import { verifyEventsOf } from "./job-events.ts";
import { changeSpec, ensureProfile, planProfile } from "./profile.ts";

/** Harmless on this machine, and not among what it boots with. */
const ARGUMENT = "pci=realloc";
const MODULE = "vfio-pci";

/** A kernel argument and a module at boot, by a job that boots the host in its middle. */
export const kernelArgumentsPart: LabPart = {
  name: "kernel-arguments",
  run: async (context) => {
    const { report, labHost, stack, job } = context;
    await ensureProfile(context);
    report.part("A kernel argument is set, by a job that boots the host and goes on");
    const restore = await changeSpec(context, (spec) => ({
      ...spec,
      system: SystemSpec.fromPartial({ kernelArguments: [ARGUMENT], modulesAtBoot: [MODULE] }),
    }));
    const before = await labHost.readBootId();
    const plan = await planProfile(context);
    report.show(commandLines(plan).join("\n"));
    for (const { message, reason } of plan.findings) report.say(`finding: ${message} [${reason}]`);
    report.verify(plan.state === PlanState.READY, `${plan.steps.length} steps planned`);
    const applied = await job.apply(plan);
    report.verify(applied.state === JobState.SUCCEEDED, `applied, and ended once`);
    await verifyEventsOf({ stack, report }, applied);
    await labHost.waitUntilReady(before);
    await verifyBooted(context, before);
    const again = await planProfile(context);
    if (again.state !== PlanState.EMPTY) report.show(commandLines(again).join("\n"));
    report.verify(again.state === PlanState.EMPTY, "a second plan is empty");
    await restore();
  },
};

async function verifyBooted({ labHost, report }: LabContext, before: string): Promise<void> {
  const after = await labHost.readBootId();
  report.verify(after !== before, `boot ${before} is over, this is ${after}`);
  const running = (await labHost.readFile("/proc/cmdline")).trim();
  report.verify(running.split(" ").includes(ARGUMENT), `the kernel was given: ${running}`);
  const modules = await labHost.readFile("/proc/modules");
  report.verify(modules.includes("vfio_pci "), `${MODULE} is loaded`);
}
