import type { LabHost } from "./lab-host.ts";
import { NETDEVSIM_HANDLE, NETDEVSIM_NUMVFS } from "./topology.ts";

/** The seed's bridge, and the address it gives it. */
export const BRIDGE = "cxbr0";
export const BRIDGE_CIDR = "192.168.101.2/24";

/**
 * The seed's commands as a person types them, in its order, with the lab's names: VFs, eswitch, drivers, vDPA
 * devices, bridge, hw-offload, restart. Nothing of Switchyard's own has a part in it.
 */
export async function setUpByHand(labHost: LabHost): Promise<void> {
  await makeVirtualFunctions(labHost);
  await bindVdpaDriver(labHost);
  await addVdpaDevices(labHost);
  await makeBridge(labHost);
}

export async function makeVirtualFunctions(labHost: LabHost): Promise<void> {
  await labHost.writeFile(NETDEVSIM_NUMVFS, String(labHost.topology.vfs.length));
  await setEswitchByHand(labHost, "switchdev");
}

export async function setEswitchByHand(
  labHost: LabHost,
  mode: "legacy" | "switchdev",
): Promise<void> {
  await labHost.output(["devlink", "dev", "eswitch", "set", NETDEVSIM_HANDLE, "mode", mode]);
}

export async function bindVdpaDriver(labHost: LabHost): Promise<void> {
  for (const { pciAddress } of labHost.topology.vfs) {
    const device = `/sys/bus/pci/devices/${pciAddress}`;
    await labHost.writeFile(`${device}/driver_override`, "vp-vdpa");
    await labHost.writeFile(`${device}/driver/unbind`, pciAddress);
    await labHost.writeFile("/sys/bus/pci/drivers_probe", pciAddress);
  }
}

export async function addVdpaDevices(labHost: LabHost): Promise<void> {
  for (const { index, pciAddress } of labHost.topology.vfs) {
    const mgmtdev = `pci/${pciAddress}`;
    await labHost.output(["vdpa", "dev", "add", "name", `vdpa${index}`, "mgmtdev", mgmtdev]);
  }
}

export async function makeBridge(labHost: LabHost): Promise<void> {
  const { uplink, vfs } = labHost.topology;
  const netdevs = [uplink.netdev, ...vfs.map(({ representor }) => representor.netdev)];
  await labHost.output(["ovs-vsctl", "add-br", BRIDGE]);
  for (const netdev of netdevs) {
    await labHost.output(["ovs-vsctl", "add-port", BRIDGE, netdev]);
    await labHost.output(["ip", "link", "set", netdev, "up"]);
  }
  await labHost.output(["ip", "link", "set", BRIDGE, "up"]);
  await labHost.output(["ip", "address", "add", BRIDGE_CIDR, "dev", BRIDGE]);
  await labHost.output(["ovs-vsctl", "set", "Open_vSwitch", ".", "other_config:hw-offload=true"]);
  const restart = ["/usr/share/openvswitch/scripts/ovs-ctl", "restart"];
  await labHost.output(restart, { timeoutMs: 120_000 });
}

/** Takes all of it away again, VMs ended before. */
export async function tearDownByHand(labHost: LabHost): Promise<void> {
  await labHost.output(["ovs-vsctl", "--if-exists", "del-br", BRIDGE]);
  for (const { index } of labHost.topology.vfs) {
    await labHost.output(["vdpa", "dev", "del", `vdpa${index}`]);
  }
  await labHost.output(["ovs-vsctl", "remove", "Open_vSwitch", ".", "other_config", "hw-offload"]);
  await setEswitchByHand(labHost, "legacy");
  await labHost.writeFile(NETDEVSIM_NUMVFS, "0");
}
