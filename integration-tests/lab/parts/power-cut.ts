import { waitForJob } from "@switchyard/client";
import { commandLines } from "@switchyard/dev/main-job";
import { BootRestoreState, type Job, JobState, type Plan, PlanState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import type { LabHost } from "../lab-host.ts";
import { verifyApplied } from "../outside-checks.ts";
import { verifyEventsOf } from "./job-events.ts";
import { BRIDGE, BRIDGE_ADDRESS, planProfile, tearDown, verifyProfileApplied } from "./profile.ts";

/** A step that stands still gives all the time there is to cut the power under it. */
const HELD_PROGRAM = "/usr/share/openvswitch/scripts/ovs-ctl";
const HOLDER = "/run/switchyard-held-program";
/** Longer than any wait of the scenario; the boot ends it. */
const HELD_SECONDS = "7200";

const IS_HELD_MS = 600_000;
/** Each look is a program that runs in the emulation. */
const LOOK_AGAIN_MS = 1_000;
const JOB_MS = 900_000;

/** The host's own work after a boot, a few dozen programs in the emulation. */
const RESTORED_MS = 600_000;

/** The profile is applied, and the host loses its power in the middle of it; then once more, alone. */
export const powerCutPart: LabPart = {
  name: "power-cut",
  run: async (context) => {
    const { report, stack, host } = context;
    report.part("The profile of the demo is planned and applied; the power is cut in the middle");
    const plan = await planBareHost(context);
    report.show(commandLines(plan).join("\n"));
    for (const { message, reason } of plan.findings) report.say(`finding: ${message} [${reason}]`);
    report.verify(plan.state === PlanState.READY, `${plan.steps.length} steps planned`);
    const applied = await applyThroughPowerCut(context, plan);
    report.verify(applied.state === JobState.SUCCEEDED, `applied, ${applied.stepsDoneCount} steps`);
    await verifyProfileApplied(context);
    const wanted = ["nic.uplink.rx_packets", "host.cpu_busy_seconds"];
    const samples = await stack.waitForSamples(host, wanted);
    report.verify(samples.length >= wanted.length, `telemetry arrives, ${samples.length} series`);
    await restoreWhileNobodyAnswers(context);
  },
};

async function planBareHost(context: LabContext): Promise<Plan> {
  const plan = await planProfile(context);
  if (plan.state !== PlanState.EMPTY) return plan;
  await tearDown(context);
  return planProfile(context);
}

/**
 * Cuts the power while the step that restarts Open vSwitch is under way: that program stands still until the
 * boot. The job must go on by itself and end once.
 */
async function applyThroughPowerCut(
  { stack, labHost, report }: LabContext,
  plan: Plan,
): Promise<Job> {
  await holdProgram(labHost);
  const started = await stack.client.plans.applyPlan({ name: plan.name, etag: plan.etag });
  await waitFor(() => isHeld(labHost), {
    deadlineMs: IS_HELD_MS,
    pollMs: LOOK_AGAIN_MS,
    describe: () => `${started.name} never came to the held ${HELD_PROGRAM}`,
  });
  const before = await labHost.readBootId();
  const cutAt = await stack.client.jobs.getJob({ name: started.name });
  report.say(`power cut at ${cutAt.currentStep}, ${cutAt.stepsDoneCount} steps done`);
  await labHost.powerCycle();
  await labHost.waitUntilReady(before);
  report.say(`booted again ${labHost.uptimeSeconds().toFixed(1)} s after power-on`);
  const job = await waitForJob(stack.client, started.name, { timeoutMs: JOB_MS });
  await verifyEventsOf({ stack, report }, job);
  return job;
}

/** The bus is away, so that only the host itself can make its datapath again. */
async function restoreWhileNobodyAnswers(context: LabContext): Promise<void> {
  const { stack, labHost, report, host } = context;
  report.part("The power is cut while nobody answers; the host makes its datapath again by itself");
  await stack.broker.nats.kill9();
  const before = await labHost.readBootId();
  await labHost.powerCycle();
  await labHost.waitUntilReady(before);
  // The last thing to be made; the ports are in Open vSwitch's database from before.
  let seen = "";
  await waitFor(
    async () => {
      const shown = await labHost.run(["ip", "-o", "-4", "address", "show", "dev", BRIDGE]);
      seen = shown.stdout;
      return seen.includes(`${BRIDGE_ADDRESS}/`);
    },
    { deadlineMs: RESTORED_MS, pollMs: LOOK_AGAIN_MS, describe: () => `${BRIDGE} has ${seen}` },
  );
  await verifyApplied(labHost, report);
  await stack.broker.nats.restart();
  const bootId = await labHost.readBootId();
  const observed = await waitFor(
    async () => {
      const { inventory, drift } = await stack.client.hosts.getHost({ name: host });
      return inventory?.restore?.bootId === bootId ? { ...inventory.restore, drift } : undefined;
    },
    { deadlineMs: RESTORED_MS, pollMs: LOOK_AGAIN_MS, describe: () => "no word of the restore" },
  );
  report.show(observed.changedSteps.join("\n"));
  report.verify(observed.state === BootRestoreState.RESTORED, "the host says that it restored it");
  report.verify(observed.drift.length === 0, "and has no drift");
}

/** The kernel forgets the mount with the boot, so the program is itself again after it. */
async function holdProgram(labHost: LabHost): Promise<void> {
  await labHost.output(["tee", HOLDER], {
    stdin: `#!/bin/sh\nexec sleep ${HELD_SECONDS}\n`,
  });
  await labHost.output(["chmod", "+x", HOLDER]);
  await labHost.output(["mount", "--bind", HOLDER, HELD_PROGRAM]);
}

const isHeld = async (labHost: LabHost): Promise<boolean> =>
  (await labHost.run(["pgrep", "-f", `^sleep ${HELD_SECONDS}`])).exitCode === 0;
