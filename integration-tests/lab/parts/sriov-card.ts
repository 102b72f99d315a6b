import { commandLines } from "@switchyard/dev/main-job";
import { Datapath, DatapathMode, JobState, PlanState } from "@switchyard/proto";
import type { LabContext, LabPart } from "../context.ts";
import { type LabNetdev, sriovVfAddress } from "../topology.ts";
import { verifyVfio } from "./modes.ts";
import { changeSpec, ensureProfile, planProfile, tearDown } from "./profile.ts";

const FIRST_COUNT = 4;
const GROWN_COUNT = 6;
const KERNEL_LINES_SHOWN = 20;

/** A card whose VFs the kernel's PCI core makes: count, drivers, groups, and growth through zero. */
export const sriovCardPart: LabPart = {
  name: "sriov-card",
  run: async (context) => {
    const { labHost, report } = context;
    const { sriovPf } = labHost.topology;
    if (sriovPf === undefined) {
      report.say("skipped: sriov-card: this machine's QEMU has no igb");
      return;
    }
    await tearDown(context);
    await ensureProfile(context);
    report.part(`Mode sriov on ${sriovPf.pciAddress} (igb): ${FIRST_COUNT} VFs for VMs`);
    const restore = await applyCount(context, sriovPf, FIRST_COUNT);
    const byHand = await labHost.run(["tee", numVfsPath(sriovPf)], { stdin: "5" });
    report.verify(
      byHand.stderr.includes("Device or resource busy"),
      `five by hand, without passing through none: ${byHand.stderr.trim()}`,
    );
    report.part(`The profile asks for ${GROWN_COUNT}`);
    await applyCount(context, sriovPf, GROWN_COUNT);
    await restore();
    await tearDown(context);
    const left = (await labHost.readFile(numVfsPath(sriovPf))).trim();
    report.verify(left === "0", `${left} VFs left`);
  },
};

const numVfsPath = ({ pciAddress }: LabNetdev) => `/sys/bus/pci/devices/${pciAddress}/sriov_numvfs`;

/** @returns what brings the profile back to what it was */
async function applyCount(
  context: LabContext,
  pf: LabNetdev,
  vfCount: number,
): Promise<() => Promise<void>> {
  const { labHost, report, job } = context;
  const datapath = Datapath.fromPartial({
    mode: DatapathMode.SRIOV,
    uplink: { $case: "uplinkPciAddress", value: pf.pciAddress },
    vfCount,
  });
  const restore = await changeSpec(context, (spec) => ({ ...spec, datapath }));
  const plan = await planProfile(context);
  report.show(commandLines(plan).join("\n"));
  for (const { message, reason } of plan.findings) report.say(`finding: ${message} [${reason}]`);
  const { state, stepsDoneCount } = await job.apply(plan);
  report.verify(state === JobState.SUCCEEDED, `applied, ${stepsDoneCount} steps`);
  const again = await planProfile(context);
  if (again.state !== PlanState.EMPTY) {
    report.show(commandLines(again).join("\n"));
    report.show(await labHost.output(["ip", "-d", "link", "show", "dev", pf.netdev]));
    report.show(
      (await labHost.output(["dmesg"])).split("\n").slice(-KERNEL_LINES_SHOWN).join("\n"),
    );
  }
  report.verify(again.state === PlanState.EMPTY, "a second plan is empty");
  const count = (await labHost.readFile(numVfsPath(pf))).trim();
  report.verify(count === String(vfCount), `sriov_numvfs is ${count}`);
  for (let index = 0; index < vfCount; index += 1) {
    await verifyVfio(context, sriovVfAddress(pf, index));
  }
  return restore;
}
