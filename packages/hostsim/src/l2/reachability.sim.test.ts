import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ipAddressAdd, ovsDelPort } from "@switchyard/model";
import { createSimFleet } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { answered, configureGuest, inGuest } from "../testing/guest.ts";
import {
  addVdpa,
  MACS,
  makeVfs,
  NUM_VFS,
  prepare,
  run,
  startVm,
  UPLINK,
  wireBridge,
} from "../testing/seed-procedure.ts";

const BRIDGE_IP = "192.168.101.2";
const LEFT_IP = "192.168.101.20";
const RIGHT_IP = "192.168.101.21";

/** Two hosts as the seed procedure leaves them, with one VM each. */
async function twoHosts(): Promise<{ left: SimHost; right: SimHost }> {
  const [left, right] = createSimFleet({ hosts: 2, seed: 1 }).hosts as [SimHost, SimHost];
  await prepare(left, [MACS[0]]);
  await prepare(right, [MACS[1]]);
  await run(left, ipAddressAdd("cxbr0", `${BRIDGE_IP}/24`));
  await startVm(left, "left", 0, MACS[0]);
  await startVm(right, "right", 0, MACS[1]);
  await configureGuest(left, "left", `${LEFT_IP}/24`);
  await configureGuest(right, "right", `${RIGHT_IP}/24`);
  return { left, right };
}

describe("the path between two VMs on two hosts", () => {
  let left: SimHost;
  let right: SimHost;
  beforeEach(async () => {
    ({ left, right } = await twoHosts());
  });

  const fromLeft = (target = RIGHT_IP) => answered(left, { vm: "left", target });
  const fromRight = (target = LEFT_IP) => answered(right, { vm: "right", target });

  it("carries pings both ways, and to and from the bridge address", async () => {
    assert.deepEqual([await fromLeft(), await fromRight(), await fromRight(BRIDGE_IP)], [2, 2, 2]);
    assert.match(await run(left, `ping -I cxbr0 -c 2 ${RIGHT_IP}`), / 2 received, 0% packet loss/);
  });

  it("breaks while a representor is down, and the guest sees no carrier", async () => {
    await run(right, "ip link set dev eth0 down");
    assert.equal(await fromLeft(), 0);
    const { stdout } = await inGuest(right, "right", "ip -j link show");
    assert.match(stdout, /NO-CARRIER/);
    await run(right, "ip link set dev eth0 up");
    assert.equal(await fromLeft(), 2);
  });

  it("breaks while the PF is not in the bridge", async () => {
    await run(right, ovsDelPort("cxbr0", UPLINK));
    assert.equal(await fromLeft(), 0);
  });

  it("breaks while the PF is down", async () => {
    await run(left, `ip link set dev ${UPLINK} down`);
    assert.equal(await fromLeft(), 0);
  });

  it("breaks while the PF carries an address", async () => {
    await run(left, ipAddressAdd(UPLINK, "192.168.101.3/24"));
    assert.equal(await fromLeft(), 0);
    await run(left, `ip addr del 192.168.101.3/24 dev ${UPLINK}`);
    assert.equal(await fromLeft(), 2);
  });

  it("breaks while a representor is not in the bridge", async () => {
    await run(left, ovsDelPort("cxbr0", "eth0"));
    assert.equal(await fromLeft(), 0);
  });

  it("breaks while someone set another MAC on the VF through the PF", async () => {
    await run(right, `ip link set ${UPLINK} vf 0 mac 00:11:22:33:44:00`);
    assert.equal(await fromLeft(), 0);
    await run(right, `ip link set ${UPLINK} vf 0 mac 00:00:00:00:00:00`);
    assert.equal(await fromLeft(), 2);
  });

  it("breaks while Open vSwitch is stopped", async () => {
    await run(left, "ovs-ctl stop");
    assert.equal(await fromLeft(), 0);
  });

  it("does not answer from the bridge while the bridge is down", async () => {
    await run(left, "ip link set dev cxbr0 down");
    assert.equal(await fromRight(BRIDGE_IP), 0);
    assert.equal(await fromRight(), 2);
  });

  it("breaks while the VM is paused", async () => {
    const socket = await right.connectSocket("/run/switchyard/vms/right/qmp.sock");
    socket.send('{"execute":"qmp_capabilities"}');
    socket.send('{"execute":"stop"}');
    assert.equal(await fromLeft(), 0);
    socket.send('{"execute":"cont"}');
    assert.equal(await fromLeft(), 2);
  });
});

describe("MAC addresses", () => {
  it("break the ping when the guest's differs from the vDPA device's", async () => {
    const { left, right } = await twoHosts();
    await run(
      right,
      `kill -TERM ${(await right.readFile("/run/switchyard/vms/right/qemu.pid")).trim()}`,
    );
    await startVm(right, "other", 0, "52:54:00:00:00:99");
    await configureGuest(right, "other", `${RIGHT_IP}/24`);
    assert.equal(await answered(left, { vm: "left", target: RIGHT_IP }), 0);
    assert.equal(await answered(right, { vm: "other", target: LEFT_IP }), 0);
  });

  it("flap when two hosts use the same one", async () => {
    const [a, b, c] = createSimFleet({ hosts: 3, seed: 2 }).hosts as [SimHost, SimHost, SimHost];
    for (const [host, mac, cidr] of [
      [a, MACS[0], `${LEFT_IP}/24`],
      [b, MACS[1], `${RIGHT_IP}/24`],
      [c, MACS[1], "192.168.101.22/24"],
    ] as const) {
      await prepare(host, [mac]);
      await startVm(host, host.name, 0, mac);
      await configureGuest(host, host.name, cidr);
    }
    const received = await answered(a, { vm: a.name, target: RIGHT_IP, count: 4 });
    assert.ok(received > 0 && received < 4, `${received} of 4`);
    assert.ok((await answered(b, { vm: b.name, target: LEFT_IP, count: 4 })) < 4);
  });
});

describe("representors whose names come in another order", () => {
  it("still belong to the VF that devlink names", async () => {
    const fleet = createSimFleet({
      hosts: 1,
      seed: 1,
      overrides: { "r740-01": { representorOrder: "descending" } },
    });
    const host = fleet.host("r740-01");
    await makeVfs(host, 2);
    assert.equal(await host.readFile("/sys/class/net/eth0/phys_port_name"), "pf0vf1\n");
    await addVdpa(host, MACS);
    await wireBridge(host, ["eth1"]);
    await run(host, ipAddressAdd("cxbr0", `${BRIDGE_IP}/24`));
    await startVm(host, "a", 0);
    await configureGuest(host, "a", `${LEFT_IP}/24`);
    assert.equal(await answered(host, { vm: "a", target: BRIDGE_IP }), 2);
  });

  it("take the lowest names that are free", async () => {
    const host = createSimFleet({ hosts: 1, seed: 1 }).host("r740-01");
    await makeVfs(host, 1);
    await run(host, "devlink dev eswitch set pci/0000:82:00.1 mode switchdev");
    await host.writeFile("/sys/bus/pci/devices/0000:82:00.1/sriov_numvfs", "1");
    await host.writeFile(NUM_VFS, "0");
    await host.writeFile(NUM_VFS, "2");
    const names = ["eth0", "eth1", "eth2"].map((name) =>
      host.readFile(`/sys/class/net/${name}/phys_port_name`),
    );
    assert.deepEqual(await Promise.all(names), ["pf0vf0\n", "pf1vf0\n", "pf0vf1\n"]);
  });
});

describe("traffic counters", () => {
  const statistic = async (host: SimHost, netdev: string, name: string) =>
    Number(await host.readFile(`/sys/class/net/${netdev}/statistics/${name}`));
  const vport = async (host: SimHost, netdev: string, name: string) =>
    Number(new RegExp(` ${name}: (\\d+)`).exec(await run(host, `ethtool -S ${netdev}`))?.[1]);

  it("of uplink, representor and VF move with pings", async () => {
    const { left } = await twoHosts();
    const before = await statistic(left, UPLINK, "tx_packets");
    await answered(left, { vm: "left", target: RIGHT_IP, count: 5 });
    assert.ok((await statistic(left, UPLINK, "tx_packets")) >= before + 5);
    assert.ok((await statistic(left, "eth0", "rx_bytes")) > 0);
    assert.ok((await vport(left, "eth0", "vport_rx_packets")) >= 5);
    assert.ok((await vport(left, "enp130s0f0v0", "tx_vport_unicast_packets")) >= 5);
  });

  it("of a representor's own queues count only the first packets once flows are offloaded, the kernel's all", async () => {
    const { left } = await twoHosts();
    await run(left, "ovs-vsctl set Open_vSwitch . other_config:hw-offload=true");
    await run(left, "ovs-ctl restart");
    const software = await vport(left, "eth0", "rx_packets");
    const hardware = await vport(left, "eth0", "vport_rx_packets");
    await answered(left, { vm: "left", target: RIGHT_IP, count: 20 });
    assert.ok((await vport(left, "eth0", "rx_packets")) - software <= 3);
    const passed = await vport(left, "eth0", "vport_rx_packets");
    assert.ok(passed - hardware >= 20);
    assert.equal(await statistic(left, "eth0", "rx_packets"), passed);
    const flows = await run(left, "ovs-appctl dpctl/dump-flows -m type=offloaded");
    assert.match(flows, /offloaded:yes, dp:tc, actions:/);
    assert.match(await run(left, "tc -s -j filter show dev eth0 ingress"), /"in_hw":true/);
  });

  it("show no offloaded flow before vswitchd was restarted", async () => {
    const { left } = await twoHosts();
    await run(left, "ovs-vsctl set Open_vSwitch . other_config:hw-offload=true");
    await answered(left, { vm: "left", target: RIGHT_IP, count: 5 });
    assert.equal(await run(left, "ovs-appctl dpctl/dump-flows type=offloaded"), "");
    assert.match(await run(left, "ovs-appctl dpctl/dump-flows"), /dp:ovs/);
  });
});
