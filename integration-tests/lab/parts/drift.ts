import { commandLines } from "@switchyard/dev/main-job";
import { DriftPolicy, type FieldDiff, type Job, JobState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import {
  BRIDGE,
  changeSpec,
  ensureProfileApplied,
  PROFILE,
  planProfile,
  verifyProfileApplied,
} from "./profile.ts";

/** An inventory is taken every three seconds here; a busy emulation takes several times that for one. */
const SEEN_MS = 300_000;
const LOOK_AGAIN_MS = 1_000;

/** What a person changes by hand shows, field by field, and a plan mends that and nothing else. */
export const driftPart: LabPart = {
  name: "drift",
  run: async (context) => {
    const { report, labHost, job } = context;
    await ensureProfileApplied(context);
    report.part("A person changes the host by hand; the difference is shown and mended");
    const [vf] = labHost.topology.vfs;
    const representor = vf?.representor.netdev ?? "";
    const before = await waitForDiff(context, 0);
    report.verify(before.length === 0, `nothing differs${describe(before)}`);
    await labHost.output(["ovs-vsctl", "--timeout=15", "del-port", BRIDGE, representor]);
    await labHost.output(["ip", "address", "flush", "dev", BRIDGE]);
    await labHost.output(["ip", "link", "set", BRIDGE, "down"]);
    const fields = await waitForDiff(context, 3);
    for (const { field, desired, observed } of fields) {
      report.say(`${field}: ${observed || "nothing"} instead of ${desired || "nothing"}`);
    }
    report.verify(fields.length === 3, `${fields.length} fields differ after 3 changes`);
    const plan = await planProfile(context);
    report.show(commandLines(plan).join("\n"));
    const { state, stepsDoneCount } = await job.apply(plan);
    report.verify(state === JobState.SUCCEEDED, `mended, ${stepsDoneCount} steps`);
    await verifyProfileApplied(context);
    const after = await waitForDiff(context, 0);
    report.verify(after.length === 0, `nothing differs${describe(after)}`);
    await showEnforced(context);
  },
};

/** Under `enforce` nobody plans or applies anything: the controller does. */
async function showEnforced(context: LabContext): Promise<void> {
  const { report, labHost } = context;
  report.part("The profile says enforce; what a person changes is mended by itself");
  const restore = await changeSpec(context, (spec) => ({
    ...spec,
    driftPolicy: DriftPolicy.ENFORCE,
  }));
  await applyProfile(context);
  const representor = labHost.topology.vfs[0]?.representor.netdev ?? "";
  const jobsBefore = await driftJobs(context);
  await labHost.output(["ovs-vsctl", "--timeout=15", "del-port", BRIDGE, representor]);
  await labHost.output(["ip", "link", "set", representor, "down"]);
  const isMended = async () => {
    const ports = (await labHost.output(["ovs-vsctl", "list-ports", BRIDGE])).split("\n");
    const link = await labHost.output(["ip", "-br", "link", "show", "dev", representor]);
    return ports.includes(representor) && /<[^>]*\bUP\b/.test(link);
  };
  const seen = await waitFor(isMended, { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS }).catch(
    () => false,
  );
  report.verify(seen, `${representor} is up and in ${BRIDGE} again`);
  const jobs = await waitFor(
    async () => {
      const ended = await driftJobs(context);
      return ended.length > jobsBefore.length ? ended : undefined;
    },
    { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS },
  ).catch(() => []);
  report.verify(jobs.length > jobsBefore.length, `by a job of ${DRIFT_ACTOR}`);
  await restore();
  await applyProfile(context);
}

const DRIFT_ACTOR = "controller/drift";
/** Newest jobs that are looked at. */
const JOBS_MAX = 50;

/** Jobs of the host, newest first, that the controller asked for by itself and that have succeeded. */
async function driftJobs({ stack, host }: LabContext): Promise<readonly Job[]> {
  const { jobs } = await stack.client.jobs.listJobs({ host, pageSize: JOBS_MAX });
  const own: Job[] = [];
  for (const job of jobs.filter(({ state }) => state === JobState.SUCCEEDED)) {
    const { events } = await stack.client.events.listEvents({ resource: job.name });
    if (events.some(({ actor }) => actor === DRIFT_ACTOR)) own.push(job);
  }
  return own;
}

/** Applies the profile as it is now, also where its plan is empty: that records it. */
async function applyProfile(context: LabContext): Promise<void> {
  const { state } = await context.job.apply(await planProfile(context));
  context.report.verify(state === JobState.SUCCEEDED, "the profile's plan is applied");
}

const describe = (fields: readonly FieldDiff[]): string =>
  fields.map(({ field, observed, desired }) => `; ${field}: ${observed}, not ${desired}`).join("");

async function readDiff({ stack, host }: LabContext): Promise<readonly FieldDiff[]> {
  const { hosts } = await stack.client.profiles.diffProfile({ name: `profiles/${PROFILE}` });
  return hosts.find((each) => each.host === host)?.fields ?? [];
}

/** The differences once they are as many as said; the last ones seen where they never are. */
async function waitForDiff(context: LabContext, count: number): Promise<readonly FieldDiff[]> {
  let fields: readonly FieldDiff[] = [];
  await waitFor(
    async () => {
      fields = await readDiff(context);
      return fields.length === count;
    },
    { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS },
  ).catch(() => undefined);
  return fields;
}
