import { DatapathMode } from "@switchyard/client";
import { commandLines } from "@switchyard/dev/main-job";
import { JobState, PlanGoal, PlanState } from "@switchyard/proto";
import type { LabContext, LabPart } from "../context.ts";
import type { LabHost } from "../lab-host.ts";
import { planHost, planOnceSeen } from "../plan-host.ts";
import { NETDEVSIM_HANDLE } from "../topology.ts";
import { BRIDGE, ensureProfileApplied, verifyProfileApplied } from "./profile.ts";
import { verifySriovVms } from "./sriov-vms.ts";

/** One call brings the host from vDPA to VFs for VMs, two VMs ping each other with them, and one call brings it back. */
export const modesPart: LabPart = {
  name: "modes",
  run: async (context) => {
    const { report, labHost } = context;
    await ensureProfileApplied(context);
    report.part("One call switches the host to mode sriov");
    await switchMode(context, DatapathMode.SRIOV);
    const vfs = labHost.topology.vfs.map(({ pciAddress }) => pciAddress);
    for (const vf of vfs) await verifyVfio(context, vf);
    const eswitch = await labHost.output(["devlink", "dev", "eswitch", "show", NETDEVSIM_HANDLE]);
    report.verify(eswitch.includes("mode legacy"), `devlink: ${eswitch.trim()}`);
    const bridges = (await labHost.output(["ovs-vsctl", "list-br"])).trim();
    report.verify(!bridges.includes(BRIDGE), `bridges: ${bridges || "none"}`);
    await verifySriovVms(context);
    report.part("And one call switches it back to what its profile says");
    await switchMode(context, DatapathMode.UNSPECIFIED);
    await verifyProfileApplied(context);
  },
};

/** One call switches the host; UNSPECIFIED is what its profile says. */
export async function switchMode(context: LabContext, mode: DatapathMode): Promise<void> {
  const { stack, report, job, host } = context;
  const plan = await planOnceSeen(() => stack.client.hosts.setDatapathMode({ name: host, mode }));
  report.show(commandLines(plan).join("\n"));
  for (const { message, reason } of plan.findings) report.say(`finding: ${message} [${reason}]`);
  const { state, stepsDoneCount } = await job.apply(plan);
  report.verify(state === JobState.SUCCEEDED, `switched, ${stepsDoneCount} steps`);
  const again = await planHost(context, PlanGoal.APPLY_PROFILE);
  if (again.state !== PlanState.EMPTY) report.show(commandLines(again).join("\n"));
  report.verify(again.state === PlanState.EMPTY, "a second plan is empty");
}

/** A function that a VM can be given: bound to vfio-pci, alone in its group, with the group's device file. */
export async function verifyVfio(
  { labHost, report }: Pick<LabContext, "labHost" | "report">,
  pciAddress: string,
): Promise<void> {
  const driver = await linkName(labHost, pciAddress, "driver");
  const group = await linkName(labHost, pciAddress, "iommu_group");
  const devices = await labHost.run(["ls", `/sys/kernel/iommu_groups/${group}/devices`]);
  const members = devices.stdout.trim().split("\n");
  const { exitCode } = await labHost.run(["test", "-c", `/dev/vfio/${group}`]);
  report.verify(
    driver === "vfio-pci" && exitCode === 0 && members.join() === pciAddress,
    `${pciAddress}: driver ${driver}, group ${group} of ${members.join(", ")}, /dev/vfio/${group} ${exitCode === 0 ? "is there" : "is missing"}`,
  );
}

async function linkName(labHost: LabHost, pciAddress: string, link: string): Promise<string> {
  const { stdout } = await labHost.run(["readlink", `/sys/bus/pci/devices/${pciAddress}/${link}`]);
  return stdout.trim().split("/").at(-1) ?? "";
}
