// Proves by hand that a lab host can do all that the agent will ask of it, without any of
// Switchyard's own code in it: `node integration-tests/lab/prove.ts [--captures] [--directory DIR]`.
// Exit code 0 says that two VMs on vDPA pinged each other through Open vSwitch, and stopped doing so
// when a representor left the bridge.
import { parseArgs } from "node:util";
import { saveCaptures } from "./captures.ts";
import { type LabHost, LabHostError, startLabHost } from "./lab-host.ts";
import { type NestedVm, startNestedVm } from "./nested-vm.ts";
import { NETDEVSIM_HANDLE, NETDEVSIM_NUMVFS } from "./topology.ts";

const BRIDGE = "cxbr0";
const BRIDGE_ADDRESS = "192.168.101.2";
const VM_ADDRESSES = ["192.168.101.20", "192.168.101.21"] as const;
const VM_BOOT_TIMEOUT_MS = 240_000;
const PING_COUNT = "3";

const { values: flags } = parseArgs({
  options: { captures: { type: "boolean", default: false }, directory: { type: "string" } },
});

const host = await startLabHost({
  report: (line) => process.stdout.write(`${line}\n`),
  ...(flags.directory !== undefined && { directory: flags.directory }),
});
try {
  const say = (what: string) =>
    process.stdout.write(`${host.uptimeSeconds().toFixed(1).padStart(6)} s  ${what}\n`);
  await prove(host, say);
  say("proved");
} finally {
  await host.stop();
}

async function prove(lab: LabHost, say: (what: string) => void): Promise<void> {
  say(`lab host ready: ${lab.paths.directory}`);
  await makeVirtualFunctions(lab);
  say("2 VFs, switchdev");
  await makeVdpaDevices(lab);
  say("vDPA devices");
  await makeBridge(lab);
  say("bridge with uplink and representors, hw-offload on");
  const vms = await startVms(lab);
  say("VMs started");
  await Promise.all(vms.map((vm) => vm.waitUntilReady(VM_BOOT_TIMEOUT_MS)));
  say("VMs up");
  await configureVms(vms);
  say("VMs have addresses");
  const [first] = vms;
  if (first === undefined) throw new LabHostError("no VM");
  await expectPing(first, VM_ADDRESSES[1], true);
  await expectPing(first, BRIDGE_ADDRESS, true);
  say("VM to VM and VM to bridge: 0 % loss");
  if (flags.captures) {
    await saveCaptures(lab);
    say("captures saved");
  }
  await lab.output(["ovs-vsctl", "del-port", BRIDGE, "rep1"]);
  await expectPing(first, VM_ADDRESSES[1], false);
  say("representor removed: 100 % loss");
  await tearDown(lab, vms);
  say("torn down");
}

async function makeVirtualFunctions(lab: LabHost): Promise<void> {
  await lab.writeFile(NETDEVSIM_NUMVFS, String(lab.topology.vfs.length));
  await lab.output([
    ...["devlink", "dev", "eswitch", "set", NETDEVSIM_HANDLE],
    ...["mode", "switchdev"],
  ]);
}

async function makeVdpaDevices(lab: LabHost): Promise<void> {
  for (const { index, pciAddress } of lab.topology.vfs) {
    const device = `/sys/bus/pci/devices/${pciAddress}`;
    await lab.writeFile(`${device}/driver_override`, "vp-vdpa");
    await lab.writeFile(`${device}/driver/unbind`, pciAddress);
    await lab.writeFile("/sys/bus/pci/drivers_probe", pciAddress);
    await lab.output([
      "vdpa",
      "dev",
      "add",
      "name",
      `vdpa${index}`,
      "mgmtdev",
      `pci/${pciAddress}`,
    ]);
  }
}

async function makeBridge(lab: LabHost): Promise<void> {
  const { uplink, vfs } = lab.topology;
  const netdevs = [uplink.netdev, ...vfs.map(({ representor }) => representor.netdev)];
  await lab.output(["ovs-vsctl", "add-br", BRIDGE]);
  for (const netdev of netdevs) {
    await lab.output(["ovs-vsctl", "add-port", BRIDGE, netdev]);
    await lab.output(["ip", "link", "set", netdev, "up"]);
  }
  await lab.output(["ip", "link", "set", BRIDGE, "up"]);
  await lab.output(["ip", "address", "add", `${BRIDGE_ADDRESS}/24`, "dev", BRIDGE]);
  await lab.output(["ovs-vsctl", "set", "Open_vSwitch", ".", "other_config:hw-offload=true"]);
  await lab.output(["/usr/share/openvswitch/scripts/ovs-ctl", "restart"]);
}

function startVms(lab: LabHost): Promise<readonly NestedVm[]> {
  return Promise.all(
    lab.topology.vfs.map(({ index, mac }) =>
      startNestedVm(lab, { name: `vm${index}`, vhostDevice: `/dev/vhost-vdpa-${index}`, mac }),
    ),
  );
}

async function configureVms(vms: readonly NestedVm[]): Promise<void> {
  for (const [index, vm] of vms.entries()) {
    await vm.run(["ip", "address", "add", `${VM_ADDRESSES[index]}/24`, "dev", "eth0"]);
    await vm.run(["ip", "link", "set", "eth0", "up"]);
  }
}

async function expectPing(vm: NestedVm, address: string, isExpected: boolean): Promise<void> {
  const { stdout, stderr } = await vm.run(["ping", "-c", PING_COUNT, "-W", "5", address]);
  const loss = isExpected ? " 0% packet loss" : " 100% packet loss";
  if (!stdout.includes(loss)) {
    throw new LabHostError(`${vm.name} to ${address}: expected${loss}\n${stdout}${stderr}`);
  }
}

async function tearDown(lab: LabHost, vms: readonly NestedVm[]): Promise<void> {
  for (const vm of vms) await vm.stop();
  await lab.output(["ovs-vsctl", "del-br", BRIDGE]);
  for (const { index } of lab.topology.vfs) {
    await lab.output(["vdpa", "dev", "del", `vdpa${index}`]);
  }
  await lab.writeFile(NETDEVSIM_NUMVFS, "0");
}
