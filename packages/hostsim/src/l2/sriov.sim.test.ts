import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { bindPciDriver, writeVfCount } from "@switchyard/host";
import { ipVfMacSet, parsePciAddress, vmPaths } from "@switchyard/model";
import { createSimFleet } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { answered, configureGuest } from "../testing/guest.ts";
import { NUM_VFS, run, tryRun, UPLINK } from "../testing/seed-procedure.ts";

const VFS = ["0000:82:00.2", "0000:82:00.3"].map(parsePciAddress);
const addressOf = (host: number, vf: number): string => `192.168.101.${20 + 10 * host + vf}`;
const macOf = (host: number, vf: number): string => `52:54:00:cb:0${host}:0${vf}`;

const vfioArgv = (vm: string, vf: number): readonly string[] => {
  const paths = vmPaths(vm);
  return [
    ...["prlimit", "--memlock=unlimited:unlimited", "--", "qemu-system-x86_64"],
    ...["-name", `${vm},process=sy-${vm}`, "-machine", "q35,accel=kvm", "-smp", "4", "-m", "4G"],
    ...["-hda", `/root/downloads/rocky9-vhost-vdpa-${vf}.qcow2`],
    ...["-device", `vfio-pci,host=${VFS[vf]}`],
    ...["-chardev", `socket,path=${paths.guestAgentSocket},server=on,wait=off,id=qga0`],
    ...["-device", "virtio-serial-pci"],
    ...["-device", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0"],
    ...["-pidfile", paths.pidFile, "-daemonize"],
  ];
};

/** The seed procedure's SR-IOV, with driver_override: two VFs with MACs of their own, one VM on each. */
async function prepareSriov(host: SimHost, number: number): Promise<void> {
  await run(host, "modprobe vfio-pci");
  await run(host, `ip link set dev ${UPLINK} up`);
  await writeVfCount(host, NUM_VFS, 2);
  for (const [vf, address] of VFS.entries()) {
    await run(host, ipVfMacSet(UPLINK, vf, macOf(number, vf)));
    await bindPciDriver(host, address, "vfio-pci");
    const vm = `vm-${vf}`;
    await host.makeFolder(vmPaths(vm).folder);
    await run(host, vfioArgv(vm, vf));
    await configureGuest(host, vm, `${addressOf(number, vf)}/24`);
  }
}

describe("VMs on VFs in legacy mode", () => {
  let left: SimHost;
  let right: SimHost;
  beforeEach(async () => {
    [left, right] = createSimFleet({ hosts: 2, seed: 3 }).hosts as [SimHost, SimHost];
    await prepareSriov(left, 0);
    await prepareSriov(right, 1);
  });

  const ping = (target: string) => answered(left, { vm: "vm-0", target });

  it("reach each other inside the card, without Open vSwitch and without a cable", async () => {
    left.setCable(0, false);
    assert.equal(await ping(addressOf(0, 1)), 2);
    assert.equal(await ping(addressOf(1, 0)), 0);
  });

  it("reach VMs of the other host over the wire", async () => {
    assert.equal(await ping(addressOf(1, 0)), 2);
    assert.equal(await ping(addressOf(1, 1)), 2);
  });

  it("have no link while the PF is down", async () => {
    await run(left, `ip link set dev ${UPLINK} down`);
    assert.equal(await ping(addressOf(0, 1)), 0);
    await run(left, `ip link set dev ${UPLINK} up`);
    assert.equal(await ping(addressOf(0, 1)), 2);
  });

  it("have the VF's group as their file, and nobody else gets it", async () => {
    assert.deepEqual(await left.listFolder("/dev/vfio"), ["46", "47", "vfio"]);
    await left.makeFolder(vmPaths("other").folder);
    const line = vfioArgv("other", 0)
      .join(" ")
      .replace(/-hda (\S+)/, "-drive file=$1,snapshot=on");
    const { stderr } = await tryRun(left, line);
    assert.match(stderr, /failed to open \/dev\/vfio\/46: Device or resource busy/);
  });

  it("hold up the unbinding of their VF until they end", async () => {
    let isUnbound = false;
    const unbound = left
      .writeFile("/sys/bus/pci/drivers/vfio-pci/unbind", VFS[0] ?? "", 60_000)
      .then(() => {
        isUnbound = true;
      });
    await run(left, "dmesg");
    assert.equal(isUnbound, false);
    assert.match(await run(left, "dmesg"), /vfio-pci 0000:82:00\.2: Relaying device request/);
    const pid = (await left.readFile(vmPaths("vm-0").pidFile)).trim();
    await run(left, `kill -9 ${pid}`);
    await unbound;
    assert.equal(isUnbound, true);
  });
});
