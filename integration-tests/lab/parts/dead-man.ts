import { jobEvents, waitForJob } from "@switchyard/client";
import { commandLines } from "@switchyard/dev/main-job";
import { GuardOutcome, type Job, JobState, PlanState, type ProfileSpec } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import { findAgentPid, OUTER_MACHINE } from "../lab-agent.ts";
import {
  BRIDGE,
  changeSpec,
  ensureProfileApplied,
  planProfile,
  verifyProfileApplied,
} from "./profile.ts";

/** The agent's own time, an undo and a new connection, in a busy emulation. */
const JOB_MS = 600_000;
const CUT_MS = 300_000;
const EVENTS_MS = 300_000;
/** Each look is a program that runs in the emulation. */
const LOOK_AGAIN_MS = 500;

/** A profile cuts the host off from its controller; the host takes the step back by itself. */
export const deadManPart: LabPart = {
  name: "dead-man",
  run: async (context) => {
    const { report } = context;
    await ensureProfileApplied(context);
    report.part(`A profile gives ${BRIDGE} the address ${OUTER_MACHINE}, where the bus is reached`);
    const putBack = await changeSpec(context, (spec) => withBridgeAddress(spec, OUTER_MACHINE));
    await cutAndReturn(context, async () => undefined);
    report.part("The same, and the agent is killed (SIGKILL) while its host is cut off");
    await cutAndReturn(context, killAgent);
    await putBack();
    await verifyProfileApplied(context);
  },
};

function withBridgeAddress(spec: ProfileSpec, address: string): ProfileSpec {
  const { datapath } = spec;
  if (datapath?.bridge === undefined) throw new RangeError("the profile has no bridge");
  const addressRange = { first: address, last: address, prefixLength: 24 };
  return { ...spec, datapath: { ...datapath, bridge: { ...datapath.bridge, addressRange } } };
}

/** Applies the profile; nobody but the host itself may bring the host back. */
async function cutAndReturn(
  context: LabContext,
  whileCut: (context: LabContext) => Promise<void>,
): Promise<void> {
  const { stack, report, labHost } = context;
  const plan = await planProfile(context);
  report.show(commandLines(plan).join("\n"));
  const guards = plan.steps.flatMap(({ guard }) => (guard === "" ? [] : [guard]));
  report.verify(
    plan.state === PlanState.READY && guards.length > 0,
    `planned and guarded: ${guards.join("; ")}`,
  );
  const started = await stack.client.plans.applyPlan({ name: plan.name, etag: plan.etag });
  await waitFor(() => isCut(context), {
    deadlineMs: CUT_MS,
    pollMs: LOOK_AGAIN_MS,
    describe: () => `${started.name} never cut the host off`,
  });
  const route = await labHost.output(["ip", "route", "get", OUTER_MACHINE]);
  report.say(`cut off: ${route.trim().split("\n")[0]}`);
  await whileCut(context);
  const job = await waitForJob(stack.client, started.name, { timeoutMs: JOB_MS });
  report.verify(
    job.state === JobState.FAILED && job.failure?.reason === "MANAGEMENT_PATH_LOST",
    `the job failed: ${job.failure?.message} [${job.failure?.reason}]`,
  );
  report.say(`found: ${job.failure?.metadata["found"]}`);
  report.say(job.result?.leftState ?? "");
  const outcomes = await outcomesOf(context, job);
  report.verify(
    outcomes.at(-2) === GuardOutcome.LOST && outcomes.at(-1) === GuardOutcome.RESTORED,
    "its events say lost, then restored",
  );
  report.verify(!(await isCut(context)), `${BRIDGE} no longer has ${OUTER_MACHINE}`);
}

async function isCut({ labHost }: LabContext): Promise<boolean> {
  const { stdout } = await labHost.run(["ip", "-o", "-4", "address", "show", "dev", BRIDGE]);
  return stdout.includes(`inet ${OUTER_MACHINE}/`);
}

async function killAgent({ labHost, report }: LabContext): Promise<void> {
  const pid = await findAgentPid(labHost);
  await labHost.output(["kill", "-KILL", String(pid)]);
  report.say(`killed the agent, pid ${pid}; process 1 starts another one`);
}

async function outcomesOf({ stack }: LabContext, { name }: Job): Promise<readonly GuardOutcome[]> {
  const outcomes: GuardOutcome[] = [];
  for await (const { body } of jobEvents(stack.client, name, { timeoutMs: EVENTS_MS })) {
    if (body?.$case === "stepGuarded") outcomes.push(body.value.outcome);
  }
  return outcomes;
}
