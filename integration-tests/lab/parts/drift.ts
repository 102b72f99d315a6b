import { commandLines } from "@switchyard/dev/main-job";
import type { FieldDiff } from "@switchyard/proto";
import { JobState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import {
  BRIDGE,
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
    const before = await readDiff(context);
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
  },
};

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
