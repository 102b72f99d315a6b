import { commandLines } from "@switchyard/dev/main-job";
import { type Host, type Inventory, JobState, type Plan, PlanState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { BRIDGE, BRIDGE_CIDR, setUpByHand, tearDownByHand } from "../by-hand.ts";
import type { LabContext, LabPart } from "../context.ts";
import { changeSpec, ensureProfile, planProfile, tearDown } from "./profile.ts";

/** Twenty of the agent's looks at its host, when nothing else keeps the machine busy. */
const SEEN_MS = 300_000;
const LOOK_AGAIN_MS = 1_000;

/** A host that a person set up with the seed's commands is read, described, adopted, and watched for drift. */
export const adoptionPart: LabPart = {
  name: "adoption",
  run: async (context) => {
    const { report, labHost } = context;
    await tearDown(context);
    report.part("A person sets the host up with the seed's commands; the agent reads it");
    await setUpByHand(labHost);
    const restore = await adopt(context);
    await showDrift(context);
    await tearDownByHand(labHost);
    const { inventory } = await hostOnce(context, isBare);
    report.verify(isBare({ inventory }), "the person takes it away, and that is seen");
    await restore();
  },
};

/** @returns what puts back the profile that was there before */
async function adopt(context: LabContext): Promise<() => Promise<void>> {
  const { report, labHost, stack, host, job } = context;
  verifyRead(context, (await hostOnce(context, isSetUp)).inventory);
  report.part("The host is described as a profile, under which nothing is to be done");
  const { spec, findings } = await stack.client.profiles.describeHost({ host });
  for (const { message, reason } of findings) report.say(`finding: ${message} [${reason}]`);
  const described = spec?.datapath;
  report.say(
    `${described?.vfCount} VFs, bridge ${described?.bridge?.name}, adopted ${described?.bridge?.isAdopted}`,
  );
  const isSettled = findings.every(({ message }) => message.startsWith("the profile of"));
  report.verify(spec !== undefined && isSettled, "described; what is left out is named");
  const before = await labHost.output(["ovs-vsctl", "show"]);
  await ensureProfile(context);
  const restore = await changeSpec(context, (own) => ({ ...own, datapath: described }));
  const plan = await planOnceEmpty(context);
  if (plan.state !== PlanState.EMPTY) report.show(commandLines(plan).join("\n"));
  for (const { message, reason } of plan.findings) report.say(`finding: ${message} [${reason}]`);
  report.verify(plan.state === PlanState.EMPTY, "its plan is empty");
  const { state } = await job.apply(plan);
  report.verify(state === JobState.SUCCEEDED, "and is applied, which records it");
  const after = await labHost.output(["ovs-vsctl", "show"]);
  report.verify(before === after, "Open vSwitch is as the person left it");
  return restore;
}

/**
 * The plan once there is nothing to do, or the last one where there always is: the agent may have looked
 * while the person's restart of Open vSwitch was under way, and looks again.
 */
async function planOnceEmpty(context: LabContext): Promise<Plan> {
  let last = await planProfile(context);
  await waitFor(
    async () => {
      if (last.state !== PlanState.EMPTY) last = await planProfile(context);
      return last.state === PlanState.EMPTY;
    },
    { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS },
  ).catch(() => undefined);
  return last;
}

async function showDrift(context: LabContext): Promise<void> {
  const { report, labHost } = context;
  report.part("A port is taken out by hand: drift, until it is put back");
  const port = labHost.topology.vfs[0]?.representor.netdev ?? "";
  await labHost.output(["ovs-vsctl", "--timeout=15", "del-port", BRIDGE, port]);
  const { drift } = await hostOnce(context, (seen) => (seen.drift ?? []).length > 0);
  const shown = (drift ?? []).map(
    ({ field, observed, desired, sinceTime }) =>
      `${field}: ${observed}, was ${desired}, since ${sinceTime?.toISOString()}`,
  );
  report.verify(
    shown.length === 1 && shown[0]?.startsWith(`bridge[${BRIDGE}].port[${port}]`) === true,
    shown.join("; ") || "no drift",
  );
  await labHost.output(["ovs-vsctl", "--timeout=15", "add-port", BRIDGE, port]);
  const mended = await hostOnce(context, (seen) => (seen.drift ?? []).length === 0);
  report.verify((mended.drift ?? []).length === 0, "put back, and gone");
}

/** What of a host is looked at here. */
type Seen = Partial<Pick<Host, "inventory" | "drift">>;

const pfOf = (inventory: Inventory | undefined) =>
  (inventory?.nics ?? []).flatMap(({ pfs }) => pfs).find(({ vfs }) => vfs.length > 0);
const bridgeOf = (inventory: Inventory | undefined) =>
  inventory?.ovs?.bridges.find(({ name }) => name === BRIDGE);

/** The last two of the person's commands. */
const isSetUp = ({ inventory }: Seen): boolean =>
  inventory?.ovs?.hwOffload === true &&
  bridgeOf(inventory)?.addresses.includes(BRIDGE_CIDR) === true;
const isBare = ({ inventory }: Seen): boolean =>
  inventory?.ovs?.hwOffload === false &&
  pfOf(inventory) === undefined &&
  bridgeOf(inventory) === undefined;

/** The host once it is as wanted, or as last seen where it never is. */
async function hostOnce(
  { stack, host }: LabContext,
  isWanted: (seen: Seen) => boolean,
): Promise<Seen> {
  let last: Seen = {};
  await waitFor(
    async () => {
      last = await stack.client.hosts.getHost({ name: host });
      return isWanted(last);
    },
    { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS },
  ).catch(() => undefined);
  return last;
}

function verifyRead({ labHost, report }: LabContext, inventory: Inventory | undefined): void {
  const { vfs, uplink } = labHost.topology;
  const pf = pfOf(inventory);
  report.verify(
    pf?.eswitchMode === "switchdev" && pf.vfCount === vfs.length,
    `${pf?.pciAddress}: ${pf?.eswitchMode}, ${pf?.vfCount} VFs`,
  );
  const devices = (pf?.vfs ?? []).map(({ vdpa }) => `${vdpa?.name} on ${vdpa?.mgmtdev}`);
  const wanted = vfs.map(({ index, pciAddress }) => `vdpa${index} on pci/${pciAddress}`);
  report.verify(devices.join() === wanted.join(), devices.join(", "));
  const bridge = bridgeOf(inventory);
  const ports = (bridge?.ports ?? []).map(({ name }) => name).sort();
  const netdevs = [uplink.netdev, ...vfs.map(({ representor }) => representor.netdev)].sort();
  report.verify(
    ports.join() === netdevs.join() && bridge?.isOurs === false,
    `${BRIDGE}, not ours, has ${ports.join(", ")} and ${bridge?.addresses.join(", ")}`,
  );
}
