import type { Report } from "@switchyard/dev/main-job";
import type { LabHost } from "./lab-host.ts";
import { NETDEVSIM_HANDLE, NETDEVSIM_NUMVFS } from "./topology.ts";

const text = async (labHost: LabHost, ...argv: string[]): Promise<string> =>
  (await labHost.output(argv)).trim();

/** libvirt starts QEMU by its path and names the guest first. */
const VM_PROCESS = "^(/usr/bin/)?qemu-system-x86_64 -name ";

/**
 * Processes that run a VM, by pid. The name of the program alone is not enough: the agent's inventory
 * asks `qemu-system-x86_64 --version` now and then.
 */
export async function readVmPids(labHost: LabHost): Promise<readonly number[]> {
  const { stdout } = await labHost.run(["pgrep", "-f", VM_PROCESS]);
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** Asks the kernel and OVS, not the agent, whether the profile is in force. */
export async function verifyApplied(labHost: LabHost, report: Report): Promise<void> {
  const eswitch = await text(labHost, "devlink", "dev", "eswitch", "show", NETDEVSIM_HANDLE);
  report.verify(eswitch.includes("mode switchdev"), `devlink: ${eswitch}`);
  const vfCount = await text(labHost, "cat", NETDEVSIM_NUMVFS);
  report.verify(vfCount === String(labHost.topology.vfs.length), `sriov_numvfs is ${vfCount}`);
  const vdpa = await text(labHost, "vdpa", "dev", "show");
  report.show(vdpa);
  report.verify(
    labHost.topology.vfs.every(({ pciAddress }) => vdpa.includes(`mgmtdev pci/${pciAddress}`)),
    "a vDPA device on every VF",
  );
  const ports = (await text(labHost, "ovs-vsctl", "list-ports", "cxbr0")).split("\n").sort();
  const { uplink, vfs } = labHost.topology;
  const wanted = [uplink.netdev, ...vfs.map(({ representor }) => representor.netdev)].sort();
  report.verify(ports.join() === wanted.join(), `cxbr0 has ${ports.join(", ")}`);
  const offload = await text(
    labHost,
    "ovs-vsctl",
    "get",
    "Open_vSwitch",
    ".",
    "other_config:hw-offload",
  );
  report.verify(offload === '"true"', "hw-offload is set (this NIC offloads nothing)");
}

/** Nothing of ours may be left: not in the kernel, not in OVS, not among the processes. */
export async function verifyNothingLeft(labHost: LabHost, report: Report): Promise<void> {
  const eswitch = await text(labHost, "devlink", "dev", "eswitch", "show", NETDEVSIM_HANDLE);
  report.verify(eswitch.includes("mode legacy"), "eswitch back in legacy mode");
  report.verify((await text(labHost, "cat", NETDEVSIM_NUMVFS)) === "0", "no VFs");
  report.verify((await text(labHost, "vdpa", "dev", "show")) === "", "no vDPA devices");
  report.verify((await text(labHost, "ovs-vsctl", "list-br")) === "", "no bridge");
  const offload = await text(
    labHost,
    "ovs-vsctl",
    "--if-exists",
    "get",
    "Open_vSwitch",
    ".",
    "other_config:hw-offload",
  );
  report.verify(offload !== '"true"', "hw-offload is off");
  const left = await readVmPids(labHost);
  report.verify(left.length === 0, `no QEMU process of a VM${left.map((pid) => ` ${pid}`).join()}`);
  const folders = await labHost.run(["ls", "/run/switchyard/vms"]);
  report.verify(folders.stdout.trim() === "", "no VM files");
}
