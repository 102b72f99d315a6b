import type { Report } from "@switchyard/dev/main-job";
import { JobState, PlanGoal } from "@switchyard/proto";
import { BRIDGE, BRIDGE_CIDR, tearDownByHand } from "../../lab/by-hand.ts";
import type { LabHost } from "../../lab/lab-host.ts";
import { enrol } from "../../lab/parts/enrol.ts";
import { planProfile } from "../../lab/parts/profile.ts";
import { planHost } from "../../lab/plan-host.ts";
import { NETDEVSIM_HANDLE, NETDEVSIM_NUMVFS, type Topology } from "../../lab/topology.ts";
import { withLab } from "../../lab/with-lab.ts";

const VFS = 8;
const SCRIPT = "/run/seed-procedure.sh";
const SCRIPT_TIMEOUT_MS = 600_000;

export interface ApplyResult {
  readonly vfs: number;
  /** The seed's commands as one shell script, start to end inside the lab host. */
  readonly scriptMs: number;
  /** The job, from its acceptance by the agent to its end. */
  readonly jobMs: number;
  readonly steps: number;
}

/** Applies one datapath on one lab host twice: by the seed's script, and by a job. */
export async function measureApply(report: Report): Promise<ApplyResult> {
  let result: ApplyResult | undefined;
  await withLab(report, { vfCount: VFS }, async (context) => {
    const { labHost, job } = context;
    report.part("The seed's commands as one shell script");
    await labHost.writeFile(SCRIPT, seedScript(labHost.topology));
    const scriptMs = await timeInside(labHost, ["sh", "-e", SCRIPT]);
    await tearDownByHand(labHost);
    await enrol(context);
    report.part("The same by a job");
    const applied = await job.apply(await planProfile(context));
    if (applied.state !== JobState.SUCCEEDED) throw new Error(JSON.stringify(applied.failure));
    const jobMs = (applied.endTime?.getTime() ?? 0) - (applied.acceptTime?.getTime() ?? 0);
    result = { vfs: VFS, scriptMs, jobMs, steps: applied.stepsDoneCount };
    await job.apply(await planHost(context, PlanGoal.TEAR_DOWN));
  });
  if (result === undefined) throw new Error("nothing was measured");
  return result;
}

/** Milliseconds by the lab host's own clock, so that reaching it from outside does not count. */
async function timeInside(labHost: LabHost, argv: readonly string[]): Promise<number> {
  const now = async () => Number((await labHost.readFile("/proc/uptime")).split(" ")[0]) * 1000;
  const begin = await now();
  await labHost.output(argv, { timeoutMs: SCRIPT_TIMEOUT_MS });
  return (await now()) - begin;
}

function seedScript({ vfs, uplink }: Topology): string {
  const ports = [uplink.netdev, ...vfs.map(({ representor }) => representor.netdev)];
  return [
    "modprobe vhost_vdpa",
    "modprobe vp_vdpa",
    `echo ${vfs.length} > ${NETDEVSIM_NUMVFS}`,
    `devlink dev eswitch set ${NETDEVSIM_HANDLE} mode switchdev`,
    ...vfs.flatMap(({ pciAddress }) => [
      `echo vp-vdpa > /sys/bus/pci/devices/${pciAddress}/driver_override`,
      `echo ${pciAddress} > /sys/bus/pci/devices/${pciAddress}/driver/unbind`,
      `echo ${pciAddress} > /sys/bus/pci/drivers_probe`,
    ]),
    ...vfs.map(
      ({ index, pciAddress }) => `vdpa dev add name vdpa${index} mgmtdev pci/${pciAddress}`,
    ),
    `ovs-vsctl add-br ${BRIDGE}`,
    ...ports.map((port) => `ovs-vsctl add-port ${BRIDGE} ${port}`),
    ...[...ports, BRIDGE].map((netdev) => `ip link set ${netdev} up`),
    `ip address add ${BRIDGE_CIDR} dev ${BRIDGE}`,
    "ovs-vsctl set Open_vSwitch . other_config:hw-offload=true",
    "/usr/share/openvswitch/scripts/ovs-ctl restart",
    "",
  ].join("\n");
}
